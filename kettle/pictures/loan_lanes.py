"""Connections over time: a lane for each, a box while it is lent out, filled while the database works."""

from collections.abc import Mapping, Sequence
from typing import Any

from kettle.pictures.figure import Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import time_axis, unit_for
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import number, plural, seconds
from kettle.pictures.waterfall import AXIS, RIGHT, label_room, stacked

LANE = 18
MOST_LANES = 30  # of one group; the others are told in a line


def loan_lanes(
    groups: Mapping[str, Any], *, title: str = "Connections that were lent out", point: str = ""
) -> Picture:
    """Draw when each connection was lent out, and when the database worked for whoever had it.

    Args:
        groups: by name, such as a version of the code, objects with .loans, or the loans: each with
            .connection (a number), .began, .ended (seconds on one clock; None: not given back), and .work, a
            sequence of (began, ended). All groups begin at 0 in the picture.
        title: the caption.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    shown = {name: closed(getattr(group, "loans", group)) for name, group in groups.items()}
    shown = {name: loans for name, loans in shown.items() if loans}
    total = max((_length(loans) for loans in shown.values()), default=0.0)
    scale = Scale(0, total or 1, label_room(["connection 15"]), RIGHT)
    drawing, y = stacked(shown, _in_a_word, lambda loans, y: _lanes(loans, scale, y))
    legend = [
        entry(_box(0, 0, 24, 12), "lent out, and nothing asked of it"),
        entry(_work(0, 0, 24, 12), "the database works for it"),
    ]
    return figure(
        new_ids(),
        title,
        " ".join(f"{name}: {_in_short(loans)}." for name, loans in shown.items())
        or "No connection was lent out. There is nothing to see.",
        [time_axis(scale, 4, y + 2, unit_for(total)), *drawing],
        y + 2 + AXIS,
        point=point,
        legend=legend if shown else (),
        table=_table(shown),
    )


def closed(loans: Sequence[Any]) -> list[tuple[int, float, float, list[tuple[float, float]]]]:
    """Return (connection, began, ended, work) of each loan, in the order in which they began."""
    times = [t for loan in loans for t in (loan.began, loan.ended, *sum(loan.work, ())) if t is not None]
    last = max(times, default=0.0)
    told = [
        (loan.connection, loan.began, last if loan.ended is None else loan.ended, loan.work) for loan in loans
    ]
    return sorted(told, key=lambda loan: loan[1])


def _lanes(loans: Sequence[tuple], scale: Scale, y: float) -> tuple[Markup, float]:
    start, drawn = min(began for _, began, _, _ in loans), []
    lanes = sorted({loan[0] for loan in loans})
    for lane in lanes[:MOST_LANES]:
        name = f"connection {lane + 1}"
        drawn.append(text(scale.left - 10, y + LANE / 2 + 4.5, name, room=scale.left - 10, class_="kp-end"))
        for connection, began, ended, work in loans:
            if connection == lane:
                x0, x1 = scale(began - start), scale(ended - start)
                told = f"{name}: lent for {seconds(ended - began)}, at work for {seconds(_worked(work))}"
                drawn.append(_box(x0, y + 2, max(x1 - x0 - 1, 1.5), LANE - 4, told))
                drawn += [
                    _work(scale(b - start), y + 2, max(scale(e - start) - scale(b - start), 1.0), LANE - 4)
                    for b, e in work
                ]
        y += LANE
    if len(lanes) > MOST_LANES:
        more = f"and {plural(len(lanes) - MOST_LANES, 'connection')} more"
        drawn.append(text(scale.left, y + LANE / 2 + 4.5, more, class_="kp-muted"))
        y += LANE
    return join(drawn), y


def _box(x: float, y: float, width: float, height: float, told: str = "") -> Markup:
    inside = {"x": x + 0.5, "y": y + 0.5, "width": max(width - 1.0, 0.5), "height": height - 1.0}
    return tag("g", tag("title", told) if told else None, tag("rect", **inside, class_="kp-waiting"))


def _work(x: float, y: float, width: float, height: float) -> Markup:
    return tag("rect", x=x, y=y, width=width, height=height, class_="kp-running")


def _in_a_word(loans: Sequence[tuple]) -> str:
    """Say what has room beside the name of a group."""
    return f"{seconds(_length(loans))}, at work for {_share(loans):.0f}% of the time lent"


def _share(loans: Sequence[tuple]) -> float:
    lent = sum(ended - began for _, began, ended, _ in loans)
    return 100 * sum(_worked(work) for *_, work in loans) / (lent or 1.0)


def _in_short(loans: Sequence[tuple]) -> str:
    connections = plural(len({loan[0] for loan in loans}), "connection")
    times = "once" if len(loans) == 1 else f"{number(len(loans))} times"
    worked = f"at work for {_share(loans):.0f}% of the time lent"
    return f"{connections}, lent {times}, {seconds(_length(loans))}; {worked}"


def _worked(work: Sequence[tuple[float, float]]) -> float:
    return sum(ended - began for began, ended in work)


def _length(loans: Sequence[tuple]) -> float:
    return max(ended for _, _, ended, _ in loans) - min(began for _, began, _, _ in loans)


def _table(shown: Mapping[str, Sequence[tuple]]) -> Table:
    rows = [
        (
            name,
            number(connection + 1),
            seconds(began - min(loan[1] for loan in loans)),
            seconds(ended - began),
            seconds(_worked(work)),
        )
        for name, loans in shown.items()
        for connection, began, ended, work in sorted(loans, key=lambda loan: (loan[0], loan[1]))
    ]
    return Table(("Version", "Connection", "Lent at", "For", "At work"), rows)
