"""A window over the wire: what a database has seen between its beginning and its end."""

from typing import Any, Protocol

from kettle.database.statements import Seen, Statement, Transactions


class HasWindows(Protocol):
    """What has seen statements."""

    def window(self, what: str, number: int = 0) -> Any:
        """Open a window and return its number; read or close one, and return what it has seen."""


class Wire:
    """A context manager, plain or async; what it has seen can be read inside it and after it.

    `statements` (a tuple of Statement), `count`, `rows`, `round_trips`, `connections` (new ones),
    `most_connections` (open at once), `transactions`, `bytes_sent`, `bytes_received`, and `everything`,
    which has transaction control and housekeeping too. Windows may overlap.
    """

    def __init__(self, store: HasWindows) -> None:
        self._store = store
        self._number: int | None = None
        self._seen = Seen()

    @property
    def seen(self) -> Seen:
        """All of it, frozen: until now inside the window, and until its end after it."""
        return self._seen if self._number is None else self._store.window("read", self._number)

    statements = property(lambda self: self.seen.statements, doc="Statements that ask for data or change it.")
    everything = property(lambda self: self.seen.everything, doc="All statements, of every kind.")
    count = property(lambda self: self.seen.count, doc="How many statements asked for data or changed it.")
    rows = property(lambda self: self.seen.rows, doc="Rows that came back.")
    round_trips = property(lambda self: self.seen.round_trips, doc="How often a client waited for an answer.")
    connections = property(lambda self: self.seen.connections, doc="Connections that were opened.")
    most_connections = property(lambda self: self.seen.most_connections, doc="Most connections open at once.")
    transactions = property(lambda self: self.seen.transactions, doc="Commits and rollbacks.")
    bytes_sent = property(lambda self: self.seen.bytes_sent, doc="Bytes from clients to the database.")
    bytes_received = property(
        lambda self: self.seen.bytes_received, doc="Bytes from the database to clients."
    )

    def __enter__(self) -> "Wire":
        self._number = self._store.window("open")
        return self

    def __exit__(self, *_: object) -> None:
        if self._number is not None:
            self._seen, self._number = self._store.window("close", self._number), None

    async def __aenter__(self) -> "Wire":
        return self.__enter__()  # answered by another process in about a millisecond

    async def __aexit__(self, *_: object) -> None:
        self.__exit__()

    def __repr__(self) -> str:
        return repr(self.seen)


def seen_from(told: dict) -> Seen:
    """Make a Seen from what the supervisor sent as JSON."""
    return Seen(
        **{
            **told,
            "everything": tuple(Statement(**each) for each in told["everything"]),
            "transactions": Transactions(**told["transactions"]),
        }
    )
