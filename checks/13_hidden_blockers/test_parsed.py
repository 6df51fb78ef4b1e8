"""watch_parsed: how much JSON is parsed in one piece, on the loop and in threads."""

import asyncio
import json
from pathlib import Path

from kettle.checking.checks import load_module

watch_parsed = load_module(Path(__file__).parent, "parsed").watch_parsed

LINES = [json.dumps({"sku": number}) for number in range(100)]


def parse(lines):
    return json.loads(f"[{','.join(lines)}]")


def watched(body):
    async def main():
        with watch_parsed('"sku"') as parsed:
            await body()
        return parsed.total, parsed.longest, parsed.on_loop

    return asyncio.run(main())


def test_what_is_parsed_without_a_turn_between_is_one_piece():
    async def lines_in_turn():
        for line in LINES:
            json.loads(line)

    async def gathered():
        async def piece(start):
            parse(LINES[start : start + 10])

        await asyncio.gather(*map(piece, range(0, 100, 10)))

    assert watched(lines_in_turn) == (100, 100, True)
    assert watched(gathered) == (100, 100, True)


def test_a_turn_after_each_piece_parts_them():
    async def pieces():
        for start in range(0, 100, 20):
            parse(LINES[start : start + 20])
            await asyncio.sleep(0)

    assert watched(pieces) == (100, 20, True)


def test_in_a_thread_each_call_is_a_piece():
    async def whole():
        await asyncio.to_thread(parse, LINES)

    async def lines():
        await asyncio.to_thread(lambda: [json.loads(line) for line in LINES])

    assert watched(whole) == (100, 100, False)
    assert watched(lines) == (100, 1, False)


def test_nothing_parsed_is_nothing():
    assert watched(lambda: asyncio.sleep(0)) == (0, 0, True)
