"""Before and after in interleaved rounds: same answers, the work in numbers, how much faster, if at all."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from kettle.checking.equivalence.difference import alike
from kettle.files.notebook import certifying
from kettle.panels.run import Face, Ran, measured, name_of
from kettle.panels.style import Said, inline
from kettle.panels.twins import one_function
from kettle.pictures import from_traffic, waterfall
from kettle.pictures.units import in_unit, seconds
from kettle.probes.ratio import FASTER, ROUND, SAME, SLOWER, TOO_NOISY, Ratio, in_words, turns

REFUSED = "of these refused (429)"  # in no time, so that they are hardly in flight together


ROUNDS = 15  # at most, of three runs of each version
QUIETER = "Run this cell again when the machine has less to do."
PATIENCE = 20.0  # seconds after which no round begins, but for the second


@dataclass(frozen=True)
class Subject:
    """What is compared, if not how long a run takes.

    Args:
        what: its name, in the singular: "the delay of /health".
        unit: "s", "ms", or what is counted.
        measure: makes the number from what a version returns beside its answer; without one, a run is timed.
    """

    what: str
    unit: str = "s"
    measure: Callable[[Any], float] | None = None

    def of(self, ran: Ran) -> Ran:
        """Put the number in the place of the time, and the answer in the place of the pair."""
        if self.measure is None:
            return ran
        answer, seen = ran.result
        value = float(self.measure(seen))
        if not value > 0:
            raise ValueError(f"{self.what} must be a number above 0 to be compared, got {value:g}")
        return replace(ran, result=answer, seconds=value)


TIME = Subject("")


@dataclass(frozen=True)
class Side:
    """One of the two versions: its name, seconds (or what else is compared) of each run, its traffic."""

    name: str
    values: tuple[float, ...]
    traffic: Any = None


@dataclass(frozen=True)
class Comparison:
    """How much faster `after` is than `before`, or less by what else is compared."""

    before: Side
    after: Side
    subject: Subject = TIME

    @property
    def found(self) -> Ratio:
        """What the runs tell."""
        return Ratio(self.before.values, self.after.values, rounds=ROUNDS)

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
    before: Callable,
    after: Callable,
    args: tuple,
    kwargs: dict,
    *,
    subject: Subject = TIME,
    watch: Any = None,
) -> Comparison | Refused:
    """Run both with the same inputs, three runs of each a round in random order, until it is decided.

    Args:
        before: a synchronous or asynchronous function.
        after: the same, changed.
        args: what both are called with.
        kwargs: what else both are called with.
        subject: what is compared.
        watch: a shop whose traffic is collected.

    Returns:
        A Comparison, or Refused where both are one function or the answers differ.
    """
    # In a full run nobody has changed anything, and the comparison itself is what is tried.
    if (before is after or not certifying()) and (twins := one_function(before, after)):
        return Refused("The same function twice", twins)
    face, versions = Face("Comparing", 2 + 4 * ROUND), (before, after)
    runs: tuple[list[Ran], list[Ran]] = ([], [])

    async def once(version: Callable) -> Ran:
        ran = await measured(version, args, kwargs, watch=watch, face=face)
        face.tick()
        await asyncio.sleep(0)
        return subject.of(ran)

    def found() -> Comparison:
        return Comparison(_side(before, runs[0]), _side(after, runs[1]), subject)

    face.start()
    try:
        first = [await once(version) for version in versions]  # not timed: caches are filled
        if not same(*(ran.result for ran in first)):
            return Refused(
                "Not the same answers",
                f"`{name_of(after)}` does not return what `{name_of(before)}` returns for the same input. "
                "Speed counts only once the answers are the same.",
            )
        # In a full run, both are one, and to see that takes long where the machine is busy.
        patience = 0 if certifying() else PATIENCE
        for which in turns(ROUNDS, patience, lambda: found().found.decided):
            if face.count == face.total:
                face.total += 2 * ROUND  # not decided yet
            runs[which].append(await once(versions[which]))
    finally:
        count = len(runs[0])
        face.finish(f"Compared in {seconds(face.seconds)}: {count} runs of each, in random order.")
    return found()


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


def told(comparison: Comparison) -> str:
    """Say in a sentence how the two compare: faster or slower, the same within a tenth, too noisy to say."""
    found, subject = comparison.found, comparison.subject
    after, before = f"`{comparison.after.name}`", f"`{comparison.before.name}`"
    if subject.what:
        return _told_of(subject, found, before, after)
    times, ends = _numbers(found)
    if found.outcome == FASTER:
        return f"Faster: {after} is {times} as fast as {before} here ({ends})."
    if found.outcome == SAME:
        return f"The same within a tenth: {after} takes as long as {before} here ({ends} times)."
    if found.outcome == SLOWER:
        times, ends = _numbers(found, turned=True)
        return f"Slower: {after} takes {times} as long as {before} here ({ends})."
    return f"Too noisy to say; so far {after} is {times} as fast as {before} ({ends}). {QUIETER}"


def _told_of(subject: Subject, found: Ratio, before: str, after: str) -> str:
    """Say the same of something else than the time of a run."""
    times, ends = _numbers(found, turned=found.ratio < 1)
    if found.outcome == SAME:
        return f"The same within a tenth: {subject.what}, with {after} as with {before} ({ends} times)."
    less, more = ("shorter", "longer") if subject.unit in {"s", "ms"} else ("smaller", "larger")
    much = f"{times} {less} with {after} than with {before} ({ends})"
    if found.ratio < 1:
        much = f"{more} with {after}, {times} that of {before} ({ends})"
    if found.outcome == TOO_NOISY:
        return f"Too noisy to say; so far {subject.what} is {much}. {QUIETER}"
    return f"{subject.what[:1].upper()}{subject.what[1:]} is {much}."


def _numbers(found: Ratio, turned: bool = False) -> tuple[str, str]:
    """Write the ratio and its interval; `turned`, how many times as long instead of as fast."""
    ratio, ends = found.ratio, (found.low, found.high)
    if turned:
        ratio, ends = 1 / ratio, (1 / found.high, 1 / found.low)
    return f"about {in_words(ratio)} times", " to ".join(map(in_words, ends))


def draw(found: Comparison, title: str = "") -> list:
    """Return what to show: a sentence with a table, and the picture on one scale if traffic was watched."""
    sides = (found.before, found.after)
    what, unit = found.subject.what or "time of a run", found.subject.unit
    rows = [
        (f"{what}, median", [in_unit(median(side.values), unit) for side in sides]),
        (
            "smallest to largest",
            [" to ".join(in_unit(f(side.values), unit) for f in (min, max)) for side in sides],
        ),
    ]
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
