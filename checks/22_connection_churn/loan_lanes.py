"""Connections over time: a lane for each, a box while it is lent out, filled while the database works."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from kettle.pictures.figure import Picture, new_ids
from kettle.pictures.lanes import Drawn, Panel, Piece, Row, draw_rows, stacked
from kettle.pictures.scale import Scale
from kettle.pictures.svg import join, text
from kettle.pictures.units import number, plural, seconds

LANE = 18
MOST_LANES = 30  # of one group; the others are told in a line


def loan_lanes(groups: Mapping[str, Any], *, title: str = "Connections that were lent out") -> Picture:
    """Draw when each connection was lent out, and when the database worked for its borrower.

    Args:
        groups: by name, such as a version of the code, what has .loans, or the loans: each with .connection
            (a number), .began, .ended (seconds on one clock; None: not given back), and .work, a sequence of
            (began, ended). All groups begin at 0 in the picture.
        title: the caption.
    """
    ids = new_ids()
    shown = {name: list(getattr(group, "loans", group)) for name, group in groups.items()}
    panels = {name: _Loans(loans) for name, loans in shown.items() if loans}
    states = {"waiting": "lent out, idle", "running": "lent out, the database is working"}
    return stacked(
        ids,
        {name: loans.panel(ids) for name, loans in panels.items()},
        ["Connection", "Start", "Lent out for", "Database at work"],
        title=title,
        nothing="No connection was lent out.",
        states=states,
    )


class _Loans:
    """The loans of one group, in the order in which they began, with seconds from the first beginning."""

    def __init__(self, loans: Sequence[Any]) -> None:
        times = [t for loan in loans for t in (loan.began, loan.ended, *sum(loan.work, ())) if t is not None]
        self.loans = sorted(loans, key=lambda loan: loan.began)
        self.start, self.last = self.loans[0].began, max(times)
        self.seconds = max(map(self.ended, loans)) - self.start

    def ended(self, loan: Any) -> float:
        return self.last if loan.ended is None else loan.ended

    @property
    def share(self) -> float:
        """How much of the time lent the database worked, in percent."""
        lent = sum(self.ended(loan) - loan.began for loan in self.loans)
        return 100 * sum(map(_worked, self.loans)) / (lent or 1.0)

    def panel(self, ids: str) -> Panel:
        heading = f"{seconds(self.seconds)}, database busy for {self.share:.0f}% of the time lent out"
        data = [
            (
                number(loan.connection + 1),
                *map(seconds, (loan.began - self.start, self.ended(loan) - loan.began, _worked(loan))),
            )
            for loan in sorted(self.loans, key=lambda loan: (loan.connection, loan.began))
        ]
        return Panel(heading, self.seconds, ["connection 15"], partial(self.draw, ids), data)

    def draw(self, ids: str, scale: Scale, y: float) -> Drawn:
        found: dict[int, list[Piece]] = {}
        for loan in self.loans:
            found.setdefault(loan.connection, []).extend(self.pieces(loan))
        numbers, more = sorted(found)[:MOST_LANES], len(found) - MOST_LANES
        drawn, y = draw_rows(ids, [Row(f"connection {n + 1}", found[n]) for n in numbers], LANE, scale, y)
        if more <= 0:
            return drawn, y
        told = f"and {plural(more, 'more connection')}"
        return join([drawn, text(scale.left, y + LANE / 2 + 4.5, told, class_="kp-muted")]), y + LANE

    def pieces(self, loan: Any) -> list[Piece]:
        began, ended = loan.began - self.start, self.ended(loan) - self.start
        lent = f"connection {loan.connection + 1}: lent out for {seconds(ended - began)}"
        told = f"{lent}, database at work for {seconds(_worked(loan))}"
        worked = [Piece("running", b - self.start, e - self.start, told, 2.0) for b, e in loan.work]
        return [Piece("waiting", began, ended, told, 2.0, 1.0), *worked]


def _worked(loan: Any) -> float:
    return sum(ended - began for began, ended in loan.work)
