"""The knee: answers per second over the number of workers, from a real run or from the simulator."""

from collections.abc import Mapping, Sequence
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import axis
from kettle.pictures.palette import SERIES
from kettle.pictures.scale import Scale, ticks
from kettle.pictures.svg import Markup, join, tag, text, width
from kettle.pictures.units import number, plural

Rates = Mapping[int, float]  # number of workers → answers per second
TOP, BOTTOM = 28.0, 214.0


def real_beside_simulated(run: Any) -> Picture:
    """Draw a real run of lesson 25 as dots, and what the simulator says of the same as dashed lines."""
    where = ", recorded on another machine" if run.recorded else ""
    cores = plural(int(run.cores), "core") if run.cores == int(run.cores) else f"{run.cores:g} cores"
    off = max(
        abs(run.simulated[name][n] / rate - 1)
        for name, rates in run.real.items()
        for n, rate in rates.items()
    )
    says = f"18 requests at once, {cores}{where}. The simulator is at most {100 * off:.0f}% away."
    return knee_picture(run.real, run.simulated, title="Answers per second", says=says)


def knee_picture(
    real: Mapping[str, Rates],
    simulated: Mapping[str, Rates],
    *,
    title: str,
    says: str,
    marks: Mapping[int, str] | None = None,
    point: str = "",
) -> Picture:
    """Draw answers per second over workers.

    Args:
        real: measured rates, by the kind of work: dots, joined by a line.
        simulated: the simulator's, by the same names or others: dashed.
        title: the caption.
        says: its second line.
        marks: upright lines at numbers of workers, and their names.
        point: what the picture is there to show, in a sentence.
    """
    names = list(dict.fromkeys((*simulated, *real)))
    every = [rates for group in (real, simulated) for rates in group.values()]
    high = max(rate for rates in every for rate in rates.values()) * 1.08
    left, right = width(number(ticks(high, 4)[-1])) + 10, WIDTH - max(map(width, names), default=0) - 14
    across = Scale(0, max(n for rates in every for n in rates), left, right)
    up = Scale(0, high, BOTTOM, TOP + 20 * len(marks or ()))
    workers = [(n, number(n)) for n in ticks(across.high, 10) if n == int(n)]
    drawn = [
        text(0, 14, "answers per second", class_="kp-muted"),
        *(_level(up, across, rate) for rate in ticks(high, 4)),
        axis(across, BOTTOM, BOTTOM + 4, workers),
        text((left + right) / 2, BOTTOM + 34, "workers", class_="kp-muted kp-middle"),
        *_upright(marks or {}, across),
    ]
    drawn += [_line(names.index(name), rates, across, up, dashed=True) for name, rates in simulated.items()]
    drawn += [_dots(name, names.index(name), rates, across, up) for name, rates in real.items()]
    drawn.append(_names(names, {**simulated, **real}, across, up))
    legend = [entry(_sample(dashed=True), "simulator")] if simulated else []
    legend += [entry(_sample(dashed=False), "measured")] if real else []
    rows = [
        (name, number(n), number(rate), how)
        for how, group in (("measured", real), ("simulator", simulated))
        for name, rates in group.items()
        for n, rate in rates.items()
    ]
    data = Table(["Work", "Workers", "Answers per second", "From"], rows)
    return figure(new_ids(), title, says, drawn, BOTTOM + 42, point=point, legend=legend, table=data)


def _level(up: Scale, across: Scale, rate: float) -> Markup:
    line = "kp-axis" if rate == 0 else "kp-grid"
    level = up(rate)
    return join(
        [
            tag("line", x1=across.left, x2=across.right, y1=level, y2=level, class_=line),
            text(across.left - 8, level + 4.5, number(rate), class_="kp-muted kp-end"),
        ]
    )


def _upright(marks: Mapping[int, str], across: Scale) -> list[Markup]:
    """Draw upright lines with their names above the curves, each on a level of its own; no line meets a name."""
    at = {workers: across(workers) for workers in marks}
    all_fit = all(x + 6 + width(marks[workers]) < WIDTH for workers, x in at.items())
    drawn, level = [], TOP + 10
    for workers in sorted(marks, reverse=not all_fit):
        x, name = at[workers], marks[workers]
        room = min((other for other in at.values() if other > x), default=WIDTH) - x
        fits = all_fit or 6 + width(name) < room
        drawn.append(tag("line", x1=x, x2=x, y1=level - 11, y2=BOTTOM, class_="kp-rule"))
        drawn.append(text(x + 6 if fits else x - 6, level, name, class_=None if fits else "kp-end"))
        level += 19
    return drawn


def _line(index: int, rates: Rates, across: Scale, up: Scale, *, dashed: bool) -> Markup:
    path = "L".join(f"{across(n):.1f},{up(rate):.1f}" for n, rate in rates.items())
    shade = SERIES[index % len(SERIES)]
    return tag("path", d=f"M{path}", class_=f"kp-line kp-{shade}", stroke_dasharray="6 4" if dashed else None)


def _dots(name: str, index: int, rates: Rates, across: Scale, up: Scale) -> Markup:
    shade = SERIES[index % len(SERIES)]
    dots = [
        tag(
            "circle",
            tag("title", f"{name}, {plural(n, 'worker')}: {number(rate)} answers per second"),
            cx=across(n),
            cy=up(rate),
            r=4,
            class_=f"kp-{shade}-dot",
        )
        for n, rate in rates.items()
    ]
    return join([_line(index, rates, across, up, dashed=False), *dots])


def _names(names: Sequence[str], rates: Mapping[str, Rates], across: Scale, up: Scale) -> Markup:
    """Name each line where it ends, pushed apart where names would meet."""
    wanted = sorted((up(list(rates[name].values())[-1]), name) for name in names)
    drawn, last = [], -1e9
    for level, name in wanted:
        last = max(level, last + 17)
        drawn.append(text(across.right + 8, last + 4.5, name))
    return join(drawn)


def _sample(*, dashed: bool) -> Markup:
    dash = "6 4" if dashed else None
    line = tag("path", d="M0,6L24,6", class_=f"kp-line kp-{SERIES[0]}", stroke_dasharray=dash)
    return line if dashed else join([line, tag("circle", cx=12, cy=6, r=4, class_=f"kp-{SERIES[0]}-dot")])
