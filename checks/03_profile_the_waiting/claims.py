"""Claims that lesson 03 answers for and does not ask about."""

import asyncio
import cProfile
import pstats
import time

from kettle.lessons.waits import watch_waits


async def fetch(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


def in_turn() -> str:
    """Profile awaits in turn and together; say whether a profile, or the tasks, tell them apart."""

    async def one_after_another():
        for _ in range(4):
            await fetch(0.05)

    async def together():
        await asyncio.gather(*(fetch(0.05) for _ in range(4)))

    async def at_most_together(way) -> tuple[float, float]:
        with watch_waits() as waits, cProfile.Profile() as profile:
            await way()
        rows = {key[2]: row for key, row in vars(pstats.Stats(profile))["stats"].items()}
        waiting = sum(each.seconds for each in waits.waits if each.path[-1][0] == "fetch")
        took = waits.seconds - waiting if way is together else waits.seconds
        return rows["fetch"][3], waiting / took

    found = [asyncio.run(at_most_together(way)) for way in (one_after_another, together)]
    (profiled, turn), (profiled_too, at_once) = found
    return (
        f"cProfile gives fetch {1000 * profiled:.1f} ms in turn and {1000 * profiled_too:.1f} ms together. "
        f"Asked, {turn:.1f} tasks stood in fetch at a time in turn, and {at_once:.1f} together."
    )


def spans() -> str:
    """Trace two calls the way a tracing product does, and say what their spans show of the waiting."""

    async def page() -> list[tuple[str, float]]:
        found = []
        for name, seconds in (("orders", 0.03), ("courier", 0.09)):
            began = time.perf_counter()
            await fetch(seconds)
            found.append((name, time.perf_counter() - began))
        return found

    told = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in asyncio.run(page()))
    return f"A span around each await counts the wait as well: {told}."


MEASURES = {
    "sequential": in_turn,
    "tracing": spans,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
