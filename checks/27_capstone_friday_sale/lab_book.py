"""The lab book: what was thought, what was changed, and what the next sale was like; one row for each sale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, SimpleNamespace

from kettle.lessons.friday import Sale
from kettle.pictures import curves, table
from kettle.pictures.figure import Picture

HEADERS = (
    *("hypothesis", "change", "p50", "p95", "errors", "loop held"),
    *("statements a page", "connections to the database"),
)


@dataclass(frozen=True)
class Entry:
    """One row: what was thought, what was changed, and the sale that followed."""

    hypothesis: str
    change: str
    sale: Sale

    @property
    def cells(self) -> tuple[str, ...]:
        """The row in words."""
        sale = self.sale
        seen = (f"{sale.late(50):,.0f} ms", f"{sale.late(95):,.0f} ms", f"{sale.errors}", f"{sale.busy:.0%}")
        return (self.hypothesis, self.change, *seen, f"{sale.statements:.1f}", f"{sale.connections}")


class LabBook:
    """Keeps an entry for each sale, under the budget.

    Args:
        budget: milliseconds in which 95 of 100 pages have to be there.
    """

    def __init__(self, budget: float = 200.0) -> None:
        self.budget = budget
        self.entries: list[Entry] = []

    def note(self, sale: Sale, *, hypothesis: str, change: str) -> Picture:
        """Write a row, and show the book.

        Args:
            sale: what was seen.
            hypothesis: what you thought before.
            change: what you did.
        """
        self.entries.append(Entry(hypothesis, change, sale))
        return self.shown()

    def shown(self) -> Picture:
        """Return the book as a table."""
        budget = ("", "the budget", "", f"{self.budget:,.0f} ms", "0", "", "", "")
        return table(HEADERS, [budget, *(each.cells for each in self.entries)], title="The lab book")

    def __repr__(self) -> str:
        return f"<LabBook: {len(self.entries)} sales>"


def response_times(sales: dict[str, Sale], budget: float, title: str) -> Picture:
    """Draw how long each visitor waited, by when they came.

    Args:
        sales: by what they are called.
        budget: milliseconds.
        title: the caption.
    """
    lines = {name: [(visit.due, visit.seconds) for visit in sale.visits] for name, sale in sales.items()}
    return curves(
        lines,
        title=title,
        x="when the visitor came",
        y="time until the page was there",
        unit="s",
        reference=(budget / 1000, "the budget"),
    )


def kept(*functions: Callable) -> SimpleNamespace:
    """Keep functions as they are now: the copies go on calling each other, whatever is defined later.

    Args:
        *functions: of a notebook.
    """
    names = dict(functions[0].__globals__)
    copies = {
        each.__name__: FunctionType(each.__code__, names, each.__name__, each.__defaults__, each.__closure__)
        for each in functions
        if isinstance(each, FunctionType)
    }
    names.update(copies)
    return SimpleNamespace(**copies)
