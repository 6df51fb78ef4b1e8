"""The point of a picture in a sentence, where the picture can know it: a staircase, a crossing, a bend."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from kettle.pictures.model import Bar, Series, length, peak, spans_of
from kettle.pictures.units import in_unit, plural, seconds, times

ALIKE = 1.15  # values whose ratio stays below this are told as alike
MOST_NAMED = 4  # of a list of names in a sentence
BEND = 0.15  # of the height: how far from a straight line a curve must be before it is said to bend


def sentence(words: str) -> str:
    """Return words with a capital at the beginning and a full stop at the end."""
    words = words.strip()
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith(('.', '?', ':')) else '.'}" if words else ""


def each_panel(told: Mapping[str, str]) -> str:
    """Join what is said about several panels, by their names, or about the only one, which has none."""
    names = {"before": "Before", "after": "After"}  # others are labels, written as they are
    return " ".join(
        f"{names.get(name, name)}: {words}." if name else sentence(words) for name, words in told.items()
    )


# ---- calls


def of_calls(panels: Mapping[str, Sequence[Bar]]) -> str:
    """Tell a staircase from calls that overlap; `panels` as waterfall() has them."""
    if "" in panels:
        return sentence(_overlap(panels[""]))
    told = "; ".join(
        f"{name}: {_overlap(bars) or plural(len(bars), 'call')}" for name, bars in panels.items()
    )
    took = ", ".join(f"{seconds(length(bars))} {name}" for name, bars in panels.items())
    return f"{sentence(told)} Total time: {took}."


def _overlap(bars: Sequence[Bar]) -> str:
    if len(bars) < 2:
        return ""
    high = peak(spans_of(bars))
    if high == 1:
        return "each call starts after the previous one has ended, like a staircase"
    if high == len(bars):
        together = length(bars) <= 1.1 * max(b.seconds for b in bars)
        whole = ", and together they take no longer than the longest one" if together else ""
        return f"{'both' if high == 2 else f'all {high:,}'} calls overlap{whole}"
    some = overlapping(bars)
    if some == len(bars):
        return f"each of the {plural(some, 'call')} overlaps another one, at most {high:,} at once"
    return f"{some:,} of {plural(len(bars), 'call')} overlap another one"


def overlapping(bars: Sequence[Bar]) -> int:
    """Count the bars that share some time with another; one that starts as another ends does not."""
    ordered, count, before = sorted(bars, key=lambda b: b.started), 0, float("-inf")
    for b, following in zip(ordered, [*ordered[1:], None], strict=True):
        after = following is not None and following.started < b.ended
        count += before > b.started or after
        before = max(before, b.ended)
    return count


# ---- bars

_SIZE = re.compile(
    r"(?:(?P<group>.*?),? +)??(?:(?P<n>n) = )?(?P<size>\d[\d,]*(?:\.\d+)?)(?P<of> ?[^\d,]*)"
)  # "400 lines", "before, 400 lines", "n = 400", "0.1 ms"; not "worker 1", which is a name


def of_bars(measured: Mapping[str, float], unit: str) -> str:
    """Tell how bars grow with the sizes in their labels; else how far the largest is from the smallest."""
    grown = _growth(measured)
    if grown or len(measured) < 2:
        return grown
    low, high = min(measured, key=measured.__getitem__), max(measured, key=measured.__getitem__)
    least, most = measured[low], measured[high]
    if least <= 0:
        return f"{high}: {in_unit(most, unit)}; {low}: {in_unit(least, unit)}." if most > 0 else ""
    if most / least < ALIKE:
        return f"All are about the same: {in_unit(least, unit)} to {in_unit(most, unit)}."
    if unit in {"s", "ms"}:
        return f"The fastest is {low}; {high} takes {times(most / least)} as long."
    return f"{high} ({in_unit(most, unit)}) is {times(most / least)} {low} ({in_unit(least, unit)})."


def _sizes(labels: Iterable[str]) -> list[tuple[str, float]] | None:
    """Return (group, size) of each label, or None where one has no size."""
    found = []
    for label in labels:
        if (size := _SIZE.fullmatch(label)) is None or not (size["n"] or size["of"]):
            return None
        found.append(size)
    if len({(m["n"], m["of"]) for m in found}) > 1:
        return None
    return [((m["group"] or "").strip(" ,"), float(m["size"].replace(",", ""))) for m in found]


def _growth(measured: Mapping[str, float]) -> str:
    sizes = _sizes(measured)
    if not sizes:
        return ""
    groups: dict[str, list[tuple[float, float]]] = {}
    for (group, size), value in zip(sizes, measured.values(), strict=True):
        groups.setdefault(group, []).append((size, value))
    if not all(_can_grow(points) for points in groups.values()):
        return ""
    (first, _), *_, (last, _) = next(iter(groups.values()))
    told = ", ".join(f"{group or 'the value'} {_grown(points)}" for group, points in groups.items())
    return f"While the size grows {times(last / first)}{':' if len(groups) > 1 else ','} {told}."


def _can_grow(points: Sequence[tuple[float, float]]) -> bool:
    return (
        len(points) > 1
        and points[0][0] > 0
        and points[0][1] > 0
        and all(a < b for (a, _), (b, _) in pairwise(points))
    )


def _grown(points: Sequence[tuple[float, float]]) -> str:
    ratio = points[-1][1] / points[0][1]
    if 1 / ALIKE < ratio < ALIKE:
        return "stays the same"
    return f"{'grows' if ratio > 1 else 'falls to'} {times(ratio)}"


# ---- curves


def of_curves(
    lines: Sequence[Series], start: float, unit: str, x_unit: str, reference: tuple[float, str] | None
) -> str:
    """Tell of each curve when it passes the reference, where there is one; else where its growth bends."""
    told = []
    for line in [line for line in lines if line.points][:MOST_NAMED]:
        how = _passes(line, start, x_unit, reference) if reference else _shape(line, start, unit, x_unit)
        told.append(f"{line.label} {how}")
    return f"{'; '.join(told)}." if told else ""  # a curve's name may be one of the code: no capital


def _passes(line: Series, start: float, x_unit: str, reference: tuple[float, str]) -> str:
    level, name = reference
    passed = next((px for px, py in line.points if py > level), None)
    if passed is None:
        return f"never goes above “{name}”"
    return f"goes above “{name}” after {in_unit(passed - start, x_unit)}"


def _shape(line: Series, start: float, unit: str, x_unit: str) -> str:
    points = [(px - start, py) for px, py in line.points]
    (_, first), (at, top), (_, last) = points[0], max(points, key=lambda p: p[1]), points[-1]
    if top - min(py for _, py in points) <= (ALIKE - 1) * abs(top):
        return f"stays at about {in_unit(top, unit)}"
    if last < 0.8 * top:
        risen = first < 0.8 * top
        how = (
            f"rises to {in_unit(top, unit)} at {in_unit(at, x_unit)} and falls"
            if risen
            else f"falls from {in_unit(top, unit)}"
        )
        return f"{how} to {in_unit(last, unit)}"
    return _bend(points, unit, x_unit)


def _bend(points: Sequence[tuple[float, float]], unit: str, x_unit: str) -> str:
    (x0, y0), (x1, y1) = points[0], points[-1]
    reached = f"rises to {in_unit(y1, unit)}"
    if x1 == x0 or y1 <= y0:
        return reached
    away = [((py - y0) / (y1 - y0) - (px - x0) / (x1 - x0), px, py) for px, py in points]
    far, px, py = max(away, key=lambda found: abs(found[0]))
    if abs(far) < BEND:
        return f"rises steadily to {in_unit(y1, unit)}"
    bend = in_unit(px - x0, x_unit)
    if far > 0:
        return f"rises to {in_unit(py, unit)} by {bend}, then more slowly to {in_unit(y1, unit)}"
    return f"is at {in_unit(py, unit)} by {bend}, then rises faster, to {in_unit(y1, unit)}"
