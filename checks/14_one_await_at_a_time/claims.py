"""Claims that lesson 14 answers for and does not ask about."""

import asyncio
import cProfile
import pstats


def in_the_profile() -> str:
    """Profile three waits in turn, and say where cProfile puts them."""

    async def page():
        for seconds in (0.08, 0.12, 0.06):
            await asyncio.sleep(seconds)

    with cProfile.Profile() as profile:
        asyncio.run(page())
    # (file, line, function): (calls, primitive calls, own seconds, …)
    found = vars(pstats.Stats(profile))["stats"]
    name, own = max(((key[2], value[2]) for key, value in found.items()), key=lambda item: item[1])
    mine = sum(value[2] for key, value in found.items() if key[2] == "page")
    return f"Three waits in turn: cProfile gives {own:.2f} s to {name}, and {1000 * mine:.2f} ms to the page."


MEASURES = {
    "profiling": in_the_profile,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
