"""A rendezvous: calls held by the server until those that ought to overlap are in flight together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kettle.shop.watched import Watched

PATIENCE = 3.0
"""Seconds that held calls wait for another one before they are let go."""


@dataclass(frozen=True, repr=False)
class Meeting:
    """How a rendezvous went.

    met: those that were waited for were in flight together. most_together: the most matching calls in flight
    at once. arrived: the routes of the matching calls, in the order of their arrival. over: calls are held no
    longer, whether they met or patience has ended.
    """

    met: bool
    most_together: int
    arrived: tuple[str, ...]
    over: bool = False

    def __repr__(self) -> str:
        calls = "1 call" if len(self.arrived) == 1 else f"{len(self.arrived)} calls"
        return (
            f"{'met' if self.met else 'not met'}: at most {self.most_together} of {calls} in flight together"
        )


class RendezvousWindow(Watched[Meeting]):
    """A rendezvous for `with` and `async with`; it can be asked whatever Meeting can."""

    opens_with = "meeting"

    @staticmethod
    def read(report: dict[str, Any]) -> Meeting:
        """Make a Meeting of the server's report."""
        return Meeting(report["met"], report["most_together"], tuple(report["arrived"]), report["over"])
