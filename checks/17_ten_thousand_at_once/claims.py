"""Claims that lesson 17 answers for and does not ask about."""

import asyncio
import time


async def three_rules() -> str:
    """Measure what each of the three rules is about: ten waits blocked, in turn, gathered; many bounded."""

    async def blocks():
        time.sleep(0.02)  # noqa: ASYNC251 (that is the mistake)

    async def waits():
        await asyncio.sleep(0.02)

    async def by_workers(number, one):
        waiting = iter(range(10))

        async def work():
            for _ in waiting:
                await one()

        await asyncio.gather(*(work() for _ in range(number)))

    said = []
    for name, number, one in (
        ("blocking", 10, blocks),
        ("in turn", 1, waits),
        ("two at a time", 2, waits),
        ("all at once", 10, waits),
    ):
        start = time.perf_counter()
        await by_workers(number, one)
        said.append(f"{name} {1000 * (time.perf_counter() - start):.0f} ms")
    return f"Ten waits of 20 ms: {', '.join(said)}."


MEASURES = {
    "three_rules": three_rules,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
