"""Products of rows: whether one statement joins two collections, and so brings every pair of their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kettle.checking.causes.statements import SPARE, Pages

if TYPE_CHECKING:
    from kettle.database import Database, Seen, Statement

BY_ITSELF = "Which loader brings a collection by itself?"
COLLECTIONS = ("order_lines", "order_events")


@dataclass(frozen=True)
class Sums:
    """A short page of things that have orders, and a long one: rows of either are to be a sum.

    Args:
        database: whose rows say what there is to be shown.
        noun: what the page shows, such as "customer".
        orders: given a number of things, the rows of the orders that they have, or are.
        few: things on the short page.
        many: and on the long one.
    """

    database: Database
    noun: str
    orders: Callable[[int], Sequence[dict]]
    few: int
    many: int

    def judge(self, short: Seen, long: Seen, question: str) -> str:
        """Raise AssertionError, with a sentence, if rows multiply, or if statements or rows grow otherwise.

        Args:
            short: what the wire saw of the short page.
            long: and of the long one.
            question: is asked where several tables are asked again and again.

        Returns:
            What a right page took.
        """
        each = max(self.each(count, seen) for count, seen in ((self.few, short), (self.many, long)))
        pages = Pages(self.noun, short, long, self.few, self.many)
        return pages.judge(self.database, each=each, question=question)

    def each(self, count: int, seen: Seen) -> int:
        """Return how many rows one thing may take, having seen to it that no statement multiplies."""
        numbers = {row["id"] for row in self.orders(count)}
        lines, events = (
            sum(row["order_id"] in numbers for row in getattr(self.database.data, table))
            for table in COLLECTIONS
        )
        things = count + len(numbers) * (self.noun != "order")
        own = things + lines + events
        for largest in filter(_joins_both, seen.statements):
            assert largest.rows <= own + min(SPARE, own // 2), (
                f"{largest.rows} rows in one statement for {count} {self.noun}{'s' * (count != 1)} with "
                f"{lines} order lines and {events} events: it joins both, so each line comes "
                "once for each event of its order. "
                f"{BY_ITSELF}"
            )
        return -(-(own + lines + len(numbers)) // count)  # products and customers may come by themselves


def _joins_both(statement: Statement) -> bool:
    return all(table in statement.sql for table in COLLECTIONS)
