"""Claims that lesson 13 answers for and does not ask about."""

import asyncio
import hashlib
import json
import tempfile
import time
from pathlib import Path

from kettle.probes.loop import watch_loop


def _file(folder: str, megabytes: int) -> Path:
    path = Path(folder, f"{megabytes}.json")
    path.write_text(json.dumps(["tea and a scone"] * (52_000 * megabytes)), encoding="utf-8")
    return path


async def read_and_parse() -> str:
    """Read and parse files of two sizes on the loop."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for path in (_file(folder, 0), _file(folder, 8)):
            start = time.perf_counter()
            text = path.read_text(encoding="utf-8")
            middle = time.perf_counter()
            json.loads(text)
            took = middle - start, time.perf_counter() - middle
            found.append("{:.2f} ms to read and {:.2f} to parse".format(*(1000 * each for each in took)))
    return f"A file of some bytes: {found[0]}; one of 8 MB: {found[1]}."


async def in_a_thread() -> str:
    """Hold the loop's own call back by two kinds of work in a thread."""
    text, data = json.dumps(["tea and a scone"] * 400_000), bytes(40_000_000)

    async def latest(work, *args) -> float:
        late, clock = [], asyncio.get_running_loop().time

        async def beat() -> None:
            while True:
                due = clock() + 0.002
                await asyncio.sleep(0.002)
                late.append(clock() - due)

        beating = asyncio.create_task(beat())
        await asyncio.sleep(0.01)
        await asyncio.to_thread(work, *args)
        await asyncio.sleep(0.01)
        beating.cancel()
        return 1000 * max(late)

    with watch_loop():
        parsed, hashed = await latest(json.loads, text), await latest(hashlib.sha256, data)
    return (
        f"The loop was late by {parsed:.0f} ms beside json.loads in a thread, by {hashed:.0f} beside sha256."
    )


MEASURES = {
    "process_file": read_and_parse,
    "thread_executor": in_a_thread,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
