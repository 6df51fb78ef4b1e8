"""A profile as a tree: which function called which, what share of the time each call had, and how often.

cProfile keeps, for each pair of functions, the time of all calls of the one by the other; it keeps no whole
stacks. What a function that has several callers calls itself is divided among them by their time. A sampler
keeps whole stacks, and counts no calls.
"""

from __future__ import annotations

import cProfile
import pstats
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

LEAST = 0.005  # of the whole: smaller boxes are put together
_METHOD = re.compile(r"<(?:built-in )?method (?:[\w.]+\.)?(\w+)>|<method '(\w+)' of .+>")


@dataclass(frozen=True)
class Frame:
    """A function where another one called it.

    Args:
        name: of the function.
        seconds: from its beginning to its end, over all calls.
        own: seconds of it in the function itself, without what it called.
        calls: how many there were; None: nobody counted.
        children: what it called, the longest first.
    """

    name: str
    seconds: float
    own: float
    calls: int | None
    children: tuple[Frame, ...] = ()


def from_profile(profile: cProfile.Profile | pstats.Stats, root: str) -> Frame:
    """Return the tree under one function of a profile.

    Args:
        profile: taken by cProfile, or its statistics.
        root: name of the function that the tree begins with.

    Raises:
        LookupError: the profile has no such function.
    """
    # typeshed does not know the one attribute that holds it all
    found: dict = vars(profile if isinstance(profile, pstats.Stats) else pstats.Stats(profile))["stats"]
    roots = [key for key in found if key[2] == root]
    if not roots:
        raise LookupError(f"The profile has no function called {root!r}.")
    top = max(roots, key=lambda key: found[key][3])
    callees: dict = defaultdict(list)
    for key, (_, _, _, _, callers) in found.items():
        for caller, (calls, _, _, seconds) in callers.items():
            callees[caller].append((key, calls, seconds))
    _, calls, _, whole, _ = found[top]

    def grown(key: tuple, calls: int, seconds: float, path: tuple) -> Frame:
        part = seconds / found[key][3] if found[key][3] else 0.0
        under = [
            grown(inner, round(times * part), took * part, (*path, key))
            for inner, times, took in callees[key]
            if inner not in (*path, key) and took * part > 0  # a recursion is its own
        ]
        own = max(0.0, seconds - sum(each.seconds for each in under))
        return Frame(name_of(key), seconds, own, calls, _gathered(under, LEAST * whole))

    return grown(top, calls, whole, ())


def from_stacks(stacks: Iterable[str], rate: float, root: str) -> Frame:
    """Return the tree under one function of sampled stacks, as `py-spy record --format raw` writes them.

    Args:
        stacks: such as "main (a.py:3);work (b.py:7) 41": functions, the outermost first, and their samples.
        rate: samples a second.
        root: name of the function that the tree begins with, without its class.

    Raises:
        LookupError: no stack holds such a function.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for stack in stacks:
        names, _, number = stack.rpartition(" ")
        path = [name.partition(" (")[0] for name in names.split(";")]
        begins = [n for n, name in enumerate(path) if name.rpartition(".")[2] == root]
        if begins:
            counts[tuple(path[begins[0] :])] += int(number)
    if not counts:
        raise LookupError(f"No stack contains a function called {root!r}.")

    def grown(path: tuple[str, ...]) -> Frame:
        here = {stack: number for stack, number in counts.items() if stack[: len(path)] == path}
        under = [
            grown((*path, name)) for name in {stack[len(path)] for stack in here if len(stack) > len(path)}
        ]
        under.sort(key=lambda each: (-each.seconds, each.name))
        return Frame(path[-1], sum(here.values()) / rate, counts[path] / rate, None, tuple(under))

    return grown(next(iter(counts))[:1])


def name_of(key: tuple[str, int, str]) -> str:
    """Return how people call a function that a profile names by file, line and name."""
    found = _METHOD.fullmatch(key[2])
    return next(filter(None, found.groups())) if found else key[2]


def _gathered(frames: list[Frame], least: float) -> tuple[Frame, ...]:
    """Put frames in order, and those too short to be seen into one."""
    frames = sorted(frames, key=lambda each: -each.seconds)
    small = [each for each in frames if each.seconds < least]
    if len(small) < 2:
        return tuple(frames)
    more = Frame(
        f"{len(small)} more",
        sum(each.seconds for each in small),
        sum(each.own for each in small),
        sum(each.calls or 0 for each in small),
    )
    return (*frames[: len(frames) - len(small)], more)
