"""Checkouts: which connections the pool of a SQLAlchemy engine lends out, how long, and what for.

    with watch_checkouts(engine) as lent:         # an Engine or an AsyncEngine
        ...
    lent.loans, lent.most, lent.now, lent.worked, lent.opened

It listens where the pool lends and takes back, so it sees what goes through this engine and nothing else:
connections that somebody opens beside it are counted on the wire (`database.wire()`).
Source: SQLAlchemy documentation, "Core Events" (PoolEvents, ConnectionEvents).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Loan:
    """One connection, lent out once; times in seconds on the clock of time.perf_counter().

    connection: its number, from 0, in the order in which connections were first lent. began, ended: when it
    was lent and given back; `ended` is None while it is out. work: (began, ended) of what the database did
    for it: statements, commits and rollbacks.
    """

    connection: int
    began: float
    ended: float | None = None
    work: list[tuple[float, float]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it was out; until now, while it is."""
        return (time.perf_counter() if self.ended is None else self.ended) - self.began

    @property
    def worked(self) -> float:
        """For how many of these seconds the database worked for it."""
        return sum(ended - began for began, ended in self.work)


class Checkouts:
    """What a pool lent out while it was watched.

    loans: all of them, in the order in which they began. most: at once. opened: connections that the pool
    opened.
    """

    def __init__(self, target: object) -> None:
        self._engine = getattr(target, "sync_engine", target)
        self.loans: list[Loan] = []
        self.most = self.opened = 0
        self._out: dict[object, Loan] = {}
        self._numbers: dict[object, int] = {}
        self._ending: dict[object, float] = {}  # when a commit or a rollback began that has not ended yet
        self._asked: dict[object, float] = {}
        self._undo: list[tuple] = []

    @property
    def now(self) -> int:
        """How many connections are out now."""
        return len(self._out)

    @property
    def seconds(self) -> float:
        """How long connections were out, all together."""
        return sum(loan.seconds for loan in self.loans)

    @property
    def worked(self) -> float:
        """The share, 0 to 1, of that time in which the database worked for the one who had it."""
        return sum(loan.worked for loan in self.loans) / (self.seconds or 1.0)

    def __enter__(self) -> "Checkouts":
        listening: dict[str, Callable] = {
            "connect": lambda *_: self._opens(),
            "checkout": lambda connection, *_: self._lent(connection),
            "checkin": lambda connection, *_: self._back(connection),
            "invalidate": lambda connection, *_: self._back(connection),  # broken, and so closed by the pool
            "before_cursor_execute": lambda connection, *_: self._asks(connection),
            "after_cursor_execute": lambda connection, *_: self._answered(connection),
            "handle_error": lambda told: self._answered(told.connection),
            "commit": self._ends,
            "rollback": self._ends,
        }
        for name, listener in listening.items():
            self._listen(name, listener)
        return self

    def __exit__(self, *_: object) -> None:
        from sqlalchemy import event

        for listener in self._undo:
            event.remove(*listener)
        self._undo.clear()

    async def __aenter__(self) -> "Checkouts":
        return self.__enter__()

    async def __aexit__(self, *error: object) -> None:
        self.__exit__(*error)

    def __repr__(self) -> str:
        times = "once" if len(self.loans) == 1 else f"{len(self.loans)} times"
        return f"<lent {times}, at most {self.most} at once; {100 * self.worked:.0f}% of that time at work>"

    def _listen(self, name: str, listener: Callable) -> None:
        from sqlalchemy import event

        event.listen(self._engine, name, listener)
        self._undo.append((self._engine, name, listener))

    def _opens(self) -> None:
        self.opened += 1

    def _lent(self, connection: object) -> None:
        number = self._numbers.setdefault(connection, len(self._numbers))
        loan = self._out[connection] = Loan(number, time.perf_counter())
        self.loans.append(loan)
        self.most = max(self.most, len(self._out))

    def _back(self, connection: object) -> None:
        if (loan := self._out.pop(connection, None)) is not None:
            loan.ended = time.perf_counter()
            self._work(loan, self._ending.pop(connection, None), loan.ended)

    def _asks(self, connection: object) -> None:
        self._asked[_raw(connection)] = time.perf_counter()

    def _answered(self, connection: object) -> None:
        raw = _raw(connection)
        self._work(self._out.get(raw), self._asked.pop(raw, None), time.perf_counter())

    def _ends(self, connection: object) -> None:
        self._ending[_raw(connection)] = time.perf_counter()

    def _work(self, loan: Loan | None, began: float | None, ended: float) -> None:
        if loan is not None and began is not None:
            loan.work.append((began, ended))


def watch_checkouts(engine: object) -> Checkouts:
    """Return a window over the connections that an engine's pool lends out."""
    return Checkouts(engine)


def _raw(connection: object) -> object:
    """Return the driver's connection, as SQLAlchemy names it to a pool's listeners."""
    fairy = getattr(connection, "_dbapi_connection", None)  # the public one raises where it is gone already
    return getattr(fairy, "dbapi_connection", None)
