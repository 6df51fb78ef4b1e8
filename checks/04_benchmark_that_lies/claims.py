"""Claims that lesson 04 answers for and does not ask about."""

import asyncio
import time

WAIT = 0.02  # seconds


def times_as_fast() -> str:
    """Compare calls in turn with the same calls at once, of calls that wait and of calls that compute."""

    async def waits() -> None:
        await asyncio.sleep(WAIT)

    async def computes() -> None:
        until = time.thread_time() + WAIT / 4
        while time.thread_time() < until:
            pass

    async def gain(call, number: int) -> float:
        began = time.perf_counter()
        for _ in range(number):
            await call()
        middle = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(number)))
        return (middle - began) / (time.perf_counter() - middle)

    async def all_gains() -> str:
        waiting = ", ".join([f"{await gain(waits, number):.1f}x for {number}" for number in (1, 3, 10, 30)])
        computing = await gain(computes, 10)
        return f"Calls that wait, at once and not in turn: {waiting}. Ten that compute: {computing:.1f}x."

    return asyncio.run(all_gains())


MEASURES = {
    "two_to_ten": times_as_fast,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
