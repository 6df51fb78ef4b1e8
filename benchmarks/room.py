"""How soon a teacher sees a verdict, and what the room costs: at 20, 100 and 300 learners, on loopback.

    python benchmarks/room.py [20 100 300] [--seconds 10]

Each learner predicts, then hands in two wrong answers: the first one learner after another, spread evenly
over some seconds, the second all at once. A teacher's page asks for the class all the while, as a browser
does. The seconds of a verdict go from the learner's request to the answer in which the teacher's page has it.
Memory and processor are those of the server's process; the learners and the teacher run in this one.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import psutil

from kettle_room.syllabus import syllabus

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from served_room import NOTEBOOK, ServedRoom, event, not_yet

TITLES = syllabus()[NOTEBOOK].causes
SPREAD, BURST = "overlap", "callers_overlap"  # causes, by which the two verdicts of a learner are told apart
PAUSE = 0.2  # seconds that a teacher's page rests between two questions, as in teacher.js
PATIENCE = 120.0  # seconds until a verdict has to be seen


def main() -> None:
    """Measure each size of a class; print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[20, 100, 300], help="learners")
    parser.add_argument("--seconds", type=float, default=10, help="over which the verdicts are spread")
    options = parser.parse_args()
    print(
        "learners  joined in  verdict seen after: median, longest   all at once: median, longest"
        "   memory  processor: idle, spread"
    )
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            room = ServedRoom(Path(folder) / "served")
            try:
                print(row(size, asyncio.run(measured(room, size, options.seconds))), flush=True)
            finally:
                room.kill()


def row(size: int, found: dict) -> str:
    """Return a line of the table."""
    spread, burst = (found[name] for name in ("spread", "burst"))
    return (
        f"{size:8}  {found['joined']:7.2f} s  {statistics.median(spread):22.3f} s, {max(spread):5.3f} s"
        f"   {statistics.median(burst):14.3f} s, {max(burst):5.3f} s"
        f"   {found['memory'] / 1e6:3.0f} MB  {found['idle']:10.1%}, {found['busy']:6.1%}"
    )


async def measured(room: ServedRoom, size: int, seconds: float) -> dict:
    """Let a class join and be wrong twice; return what it took."""
    process = psutil.Process(room.process.pid)
    connections = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connections, raise_for_status=True) as session:
        began = time.perf_counter()
        tokens = await asyncio.gather(*(join(session, room, number) for number in range(size)))
        joined = time.perf_counter() - began
        seen = Seen()
        teacher = asyncio.create_task(watch(session, room, seen))
        await asyncio.sleep(1)
        idle = await share(process, asyncio.sleep(3))
        spread: list[float] = []
        hand_in = (
            verdict(session, room, n, token, seen, seconds * n / size, SPREAD)
            for n, token in enumerate(tokens)
        )
        busy = await share(process, gathered(spread, hand_in))
        burst: list[float] = []
        await gathered(
            burst, [verdict(session, room, n, token, seen, 0, BURST) for n, token in enumerate(tokens)]
        )
        memory = process.memory_info().rss
        teacher.cancel()
    return {"joined": joined, "spread": spread, "burst": burst, "memory": memory, "idle": idle, "busy": busy}


async def share(process: psutil.Process, work) -> float:
    """Return which share of one processor a process used while some work was done."""
    before, began = sum(process.cpu_times()[:2]), time.perf_counter()
    await work
    return (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - began)


async def gathered(into: list[float], work) -> None:
    into += await asyncio.gather(*work)


async def join(session, room, number) -> str:
    body = {"code": room.code, "name": f"Learner {number}"}
    async with session.post(f"{room.address}api/join", json=body) as answer:
        token = (await answer.json())["token"]
    await send(session, room, token, event("opened"), event("predicted", name="total", value=1 + number % 9))
    return token


async def send(session, room, token, *events) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with session.post(f"{room.address}api/events", json={"events": events}, headers=headers):
        pass


class Seen:
    """What the teacher's page has: the cause that each learner was told last, by name."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}
        self.news = asyncio.Event()


async def watch(session, room, seen) -> None:
    """Ask for the class as the teacher's page does."""
    headers, version = {"Cookie": room.cookie()}, ""
    while True:
        async with session.get(f"{room.address}api/class?since={version}", headers=headers) as answer:
            found = await answer.json()
        version = found["version"]
        seen.told = {each["name"]: each.get("cause", "") for each in found["people"]}
        news, seen.news = seen.news, asyncio.Event()
        news.set()
        await asyncio.sleep(PAUSE)


async def verdict(session, room, number, token, seen, after, cause) -> float:
    """Hand in a wrong answer after some seconds; return how long it took until the teacher had it."""
    await asyncio.sleep(after)
    name, wanted = f"Learner {number}", TITLES[cause]
    began = time.perf_counter()
    await send(session, room, token, not_yet(cause))
    async with asyncio.timeout(PATIENCE):
        while seen.told.get(name) != wanted:
            await seen.news.wait()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
