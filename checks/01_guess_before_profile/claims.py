"""Claims that lesson 01 answers for and does not ask about."""

import cProfile
import pstats
import time
from collections.abc import Callable


def walk(rows: list[int], wanted: int) -> int:
    """Find a place in a list from its beginning."""
    for place, row in enumerate(rows):
        if row == wanted:
            return place
    raise LookupError(wanted)


def program() -> None:
    """Do something in one function, and a little in another."""
    rows = list(range(2_000))
    for _ in range(60):
        walk(rows, 1_999)
        sorted(rows)


def profiled(function: Callable[[], None]) -> dict[str, tuple]:
    """Return a profile's rows by the names of functions: calls, calls, own seconds, seconds, callers."""
    with cProfile.Profile() as profile:
        function()
    return {key[2]: row for key, row in vars(pstats.Stats(profile))["stats"].items()}


def found_first() -> str:
    """Find the slow one of two functions by a profile, and say how long that took."""
    began = time.perf_counter()
    rows = profiled(program)
    name = max(rows, key=lambda name: rows[name][2])
    took = 1000 * (time.perf_counter() - began)
    return f"One profile, {took:.0f} ms: `{name}` has most of the time, in {rows[name][1]} calls."


def led_by() -> str:
    """Sort one profile both ways."""
    rows = profiled(program)
    first = max(rows, key=lambda name: rows[name][3])
    own = 100 * rows[first][2] / rows[first][3]
    then = max(rows, key=lambda name: rows[name][2])
    return f"By cumulative time `{first}` leads, with {own:.0f}% of it its own; by own time `{then}`."


def once_and_again() -> str:
    """Time one function ten times, once each, and say how far single runs lie apart."""
    times = []
    for _ in range(10):
        began = time.perf_counter()
        program()
        times.append(1000 * (time.perf_counter() - began))
    return f"The same program, ten single runs: from {min(times):.1f} to {max(times):.1f} ms."


MEASURES = {
    "profile_first": found_first,
    "cumulative": led_by,
    "before_and_after": once_and_again,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
