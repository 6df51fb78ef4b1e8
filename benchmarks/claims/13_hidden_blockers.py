"""Claims that lesson 13 answers for and does not ask about."""

import asyncio
import hashlib
import json
import tempfile
import time
from pathlib import Path

from kettle.checking import PARTLY, Claim
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


CLAIMS = (
    Claim(
        name="process_file",
        said="“Reading and parsing a file in an `async def` blocks the loop: a few ms are too long.”",
        truth=PARTLY,
        why="Of a small file neither is noticed; of a large one it is mostly the parsing. How long is "
        "too long, the quickest answer that has to come on time decides: give it a budget.",
        ids=("S4.6",),
        measure=read_and_parse,
    ),
    Claim(
        name="thread_executor",
        said="“Put blocking work into a thread, and the loop is free.”",
        truth=PARTLY,
        why="What waits, or lets go of the GIL, leaves the loop free. C code that keeps the GIL, such as "
        "json's, does not, in whatever thread.",
        ids=("S4.8",),
        measure=in_a_thread,
    ),
)
