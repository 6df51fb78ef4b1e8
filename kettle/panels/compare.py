"""Before and after in one interleaved run: same answers, the work in numbers, the ratio with its interval."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from kettle.checking.equivalence.difference import alike
from kettle.files.notebook import certifying
from kettle.panels.run import Face, Ran, measured, name_of
from kettle.panels.style import Said, inline
from kettle.panels.twins import one_function
from kettle.pictures import from_traffic, waterfall
from kettle.pictures.units import number, seconds
from kettle.probes.engines.bootstrap import bootstrap, ratio_of_medians

REFUSED = "of these refused (429)"  # in no time, so that they are hardly in flight together


@dataclass(frozen=True)
class Side:
    """One of the two versions: its name, seconds of each run, and the traffic of the median run."""

    name: str
    seconds: tuple[float, ...]
    traffic: Any = None

    @property
    def median(self) -> float:
        """Median of the runs, in seconds."""
        return median(self.seconds)


@dataclass(frozen=True)
class Comparison:
    """How much faster `after` is than `before`: ratio of medians with a 95 % bootstrap interval."""

    before: Side
    after: Side
    ratio: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Say "faster", "slower", or "no difference" where the interval holds 1."""
        return "faster" if self.low > 1 else "slower" if self.high < 1 else "no difference"

    def __repr__(self) -> str:
        return told(self)

    def _ipython_display_(self) -> None:
        # It has been shown when it is returned.
        pass


@dataclass(frozen=True)
class Refused:
    """There is nothing to compare; the sentence says why."""

    heading: str
    sentence: str


async def compare(
    before: Callable, after: Callable, args: tuple, kwargs: dict, *, repeat: int, watch: Any = None
) -> Comparison | Refused:
    """Run both in turn, in random order, with the same inputs.

    Args:
        before: a synchronous or asynchronous function.
        after: the same, changed.
        args: what both are called with.
        kwargs: what else both are called with.
        repeat: runs of each, after one whose answers are compared and whose time is not counted.
        watch: a shop whose traffic is collected.

    Returns:
        A Comparison, or Refused where both are one function or the answers differ.
    """
    # In a full run nobody has changed anything, and the comparison itself is what is tried.
    if (before is after or not certifying()) and (twins := one_function(before, after)):
        return Refused("One function, twice", twins)
    face = Face("Comparing", 2 * repeat + 2)
    face.start()
    try:
        first = {function: await _once(function, args, kwargs, watch, face) for function in (before, after)}
        if not same(first[before].result, first[after].result):
            return Refused(
                "Not the same answers",
                f"`{name_of(after)}` does not return what `{name_of(before)}` returns for the same input. "
                "Speed counts only once the answers are the same.",
            )
        runs: dict[Callable, list[Ran]] = {before: [], after: []}
        for _ in range(repeat):
            # The order is random, so that a machine that grows busier or warmer favours neither.
            for function in random.sample((before, after), 2):
                runs[function].append(await _once(function, args, kwargs, watch, face))
    finally:
        face.finish(f"Compared in {seconds(face.seconds)}: {repeat} runs of each, in random order.")
    one, other = (_side(function, runs[function]) for function in (before, after))
    times = (one.seconds, other.seconds)
    return Comparison(one, other, ratio_of_medians(*times), *bootstrap(*times))


async def _once(function: Callable, args: tuple, kwargs: dict, watch: Any, face: Face) -> Ran:
    ran = await measured(function, args, kwargs, watch=watch, face=face)
    face.tick()
    await asyncio.sleep(0)
    return ran


def _side(function: Callable, runs: list[Ran]) -> Side:
    middle = sorted(runs, key=lambda ran: ran.seconds)[len(runs) // 2]
    return Side(name_of(function), tuple(ran.seconds for ran in runs), middle.traffic)


def same(one: Any, other: Any) -> bool:
    """Tell whether two answers are alike, as the checks see it; an array is like the list of its values."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(one, numpy.ndarray) != isinstance(other, numpy.ndarray):
        one, other = numpy.asarray(one), numpy.asarray(other)
    return alike(one, other)


def work(side: Side) -> dict[str, int]:
    """Return what one run asked of the shop, by name; empty where none was watched."""
    if side.traffic is None:
        return {}
    return {
        "requests": len(side.traffic.requests),
        REFUSED: side.traffic.statuses.get(429, 0),
        "most in flight at once": side.traffic.peak_in_flight,
        "connections": side.traffic.connections,
    }


def told(found: Comparison) -> str:
    """Say in a sentence or two how the two compare."""
    after, before = found.after.name, found.before.name
    range_ = f"{number(found.low)} to {number(found.high)}"
    if found.verdict == "no difference":
        return f"No difference that this machine can tell between `{before}` and `{after}`."
    if found.verdict == "slower":
        slower = f"{number(1 / found.high)} to {number(1 / found.low)}"
        longer = number(1 / found.ratio)
        return f"`{after}` is slower here: it takes {longer} times as long (95 % interval {slower})."
    return f"`{after}` is {number(found.ratio)} times as fast here (95 % interval {range_})."


def draw(found: Comparison, title: str = "") -> list:
    """Return what to show: a sentence with a table, and the picture on one scale if traffic was watched."""
    sides = (found.before, found.after)
    rows = [("median time of a run", [seconds(side.median) for side in sides])]
    rows.append(
        ("fastest to slowest", [f"{seconds(min(s.seconds))} to {seconds(max(s.seconds))}" for s in sides])
    )
    counts = [work(side) for side in sides]
    rows += [
        (name, [f"{count[name]:,}" for count in counts])
        for name in counts[0]
        if name != REFUSED or any(count[name] for count in counts)
    ]
    cells = "".join(
        f'<tr><th scope="row">{inline(name)}</th>{"".join(f"<td>{value}</td>" for value in values)}</tr>'
        for name, values in rows
    )
    words = ("before", "after")
    names = [
        "" if word == s.name else f"<br>{inline(f'`{s.name}`')}" for word, s in zip(words, sides, strict=True)
    ]
    heads = "".join(f'<th scope="col">{word}{name}</th>' for word, name in zip(words, names, strict=True))
    html = (
        f'<div class="wk wk-box wk-compare"><p><b>The same answers.</b> {inline(told(found))}</p>'
        f'<table class="wk-table"><thead><tr><td></td>{heads}</tr></thead>'
        f"<tbody>{cells}</tbody></table></div>"
    )
    lines = [
        f"The same answers. {told(found)}",
        *(f"{name}: {before}, then {after}" for name, (before, after) in rows),
    ]
    things: list = [Said(html, "\n".join(lines))]
    if found.before.traffic is not None:
        bars = [from_traffic(side.traffic) for side in sides]
        things.append(waterfall(bars[1], title=title or "Before and after, on one scale", before=bars[0]))
    return things
