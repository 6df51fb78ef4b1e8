"""What is told of statements: one Statement, a Wire window over many, and the Ledger that keeps them."""

import re
from collections import deque
from dataclasses import dataclass

KEPT = 200_000  # statements kept in full; beyond that they are only counted
LONGEST = 4_000  # characters of a statement's text that are kept

TABLES = ("suppliers", "products", "customers", "orders", "order_lines", "order_events", "reviews")
_NAMES_A_TABLE = re.compile(rf"\b({'|'.join(TABLES)})\b", re.IGNORECASE)
_TRANSACTION = re.compile(
    r"\s*(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|set\s+(session|transaction))\b",
    re.IGNORECASE,
)
_HOUSEKEEPING = re.compile(
    r"\s*(set|show|reset|discard|deallocate|pragma)\b|\s*select\s+(current_schema|set_config|sqlite_)"
    r"|.*\b(pg_catalog|pg_type|pg_namespace|pg_class|information_schema|sqlite_master)\b"
    r"|.*\bCAST\('test (plain|unicode) returns'",
    re.IGNORECASE | re.DOTALL,
)
_WRITES = re.compile(
    r"\s*(insert|update|delete|merge|replace|truncate|create|alter|drop|copy)\b", re.IGNORECASE
)
_WITH_WRITES = re.compile(
    r"\s*with\b.*\b(insert\s+into|update|delete\s+from|merge\s+into)\b", re.IGNORECASE | re.DOTALL
)
_ROLLBACK_TO = re.compile(r"\s*rollback\s+(work\s+|transaction\s+)?to\b", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One statement: an execution, not a text, so an executemany of five is five statements.

    `rows` came back over the wire; `affected` is what the database says it touched (None: it did not
    say); `started` and `ended` are seconds on the clock of time.perf_counter(); `kind` is "data",
    "transaction" (BEGIN, COMMIT, ...) or "housekeeping" (what a driver asks when it connects);
    `connection` is a number; `where` is the line of Python that sent it, where a listener saw it.
    """

    sql: str
    rows: int
    started: float
    ended: float
    parameters_count: int = 0
    kind: str = "data"
    affected: int | None = None
    failed: bool = False
    connection: int = 0
    where: str = ""

    @property
    def seconds(self) -> float:
        """Seconds from sending the statement until its last row had come back."""
        return self.ended - self.started

    def __repr__(self) -> str:
        text = " ".join(self.sql.split())
        text = text if len(text) <= 80 else text[:77] + "..."
        return f"<{text} | {self.rows} rows, {self.seconds * 1000:.1f} ms{', failed' * self.failed}>"


@dataclass(frozen=True)
class Transactions:
    """How transactions ended. A statement that changes data outside a transaction is a commit of its own.

    On the wire, a transaction that held nothing but housekeeping is not counted; on SQLite, drivers begin a
    transaction only with the first change, so one that only reads is not counted either.
    """

    commits: int = 0
    rollbacks: int = 0


@dataclass(frozen=True)
class Seen:
    """Everything that was seen from the beginning of a window to its end."""

    everything: tuple[Statement, ...] = ()
    round_trips: int = 0
    connections: int = 0
    most_connections: int = 0
    transactions: Transactions = Transactions()
    bytes_sent: int = 0
    bytes_received: int = 0
    not_kept: int = 0

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that ask for data or change it, without transaction control and housekeeping."""
        return tuple(each for each in self.everything if each.kind == "data")

    @property
    def count(self) -> int:
        """How many statements asked for data or changed it."""
        return len(self.statements) + self.not_kept

    @property
    def rows(self) -> int:
        """Rows that came back from the database."""
        return sum(each.rows for each in self.statements)

    def __repr__(self) -> str:
        ended = self.transactions
        return (
            f"<{_many(self.count, 'statement')}, {_many(self.rows, 'row')}, "
            f"{_many(self.round_trips, 'round trip')}, "
            f"{_many(self.connections, 'new connection')}, {_many(ended.commits, 'commit')}, "
            f"{_many(ended.rollbacks, 'rollback')}>"
        )


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def kind_of(sql: str) -> str:
    """Tell what a statement is for: "data", "transaction" or "housekeeping".

    A statement that names a table of the shop is never housekeeping, whatever else it says.
    """
    if _TRANSACTION.match(sql):
        return "transaction"
    if _HOUSEKEEPING.match(sql) and not _NAMES_A_TABLE.search(sql):
        return "housekeeping"
    return "data"


def changes_data(sql: str) -> bool:
    """Tell whether a statement changes data or the schema, by its first words."""
    return bool(_WRITES.match(sql) or _WITH_WRITES.match(sql))


def rolls_back_to_savepoint(sql: str) -> bool:
    """Tell whether a ROLLBACK goes only back to a savepoint, so that its transaction goes on."""
    return bool(_ROLLBACK_TO.match(sql))


def ends_transaction(sql: str) -> str | None:
    """Return "commit" or "rollback" if the statement ends a transaction, else None."""
    words = sql.split(None, 1)
    first = words[0].rstrip(";").lower() if words else ""
    if first in ("commit", "end"):
        return "commit"
    if first in ("rollback", "abort") and not rolls_back_to_savepoint(sql):
        return "rollback"
    return None


class Ledger:
    """Adds up what is seen; any number of windows may be open at once, and only then are statements kept."""

    def __init__(self) -> None:
        self.totals = dict.fromkeys(
            ("round_trips", "connections", "commits", "rollbacks", "bytes_sent", "bytes_received"), 0
        )
        self.connected = 0
        self._windows: dict[int, dict] = {}
        self._kept: deque[Statement] = deque()
        self._ever = 0  # statements that were offered since the first open window
        self._number = 0

    def add(self, name: str, amount: int = 1) -> None:
        """Add to one of the totals."""
        self.totals[name] += amount

    def connect(self) -> int:
        """Count a connection and return its number."""
        self.totals["connections"] += 1
        self.connected += 1
        for window in self._windows.values():
            window["most"] = max(window["most"], self.connected)
        return self.totals["connections"]

    def disconnect(self) -> None:
        """Count a connection as gone."""
        self.connected -= 1

    def keep(self, statement: Statement) -> None:
        """Keep a statement for the windows that are open."""
        if not self._windows:
            return
        self._ever += 1
        if len(self._kept) < KEPT:
            self._kept.append(statement)

    def open(self) -> int:
        """Open a window and return its number."""
        self._number += 1
        self._windows[self._number] = {
            "from": len(self._kept),
            "ever": self._ever,
            "totals": dict(self.totals),
            "most": self.connected,
        }
        return self._number

    def read(self, number: int) -> Seen:
        """Return what a window has seen until now."""
        window = self._windows[number]
        statements = tuple(self._kept)[window["from"] :]
        since = {name: value - window["totals"][name] for name, value in self.totals.items()}
        return Seen(
            everything=statements,
            round_trips=since["round_trips"],
            connections=since["connections"],
            most_connections=window["most"],
            transactions=Transactions(since["commits"], since["rollbacks"]),
            bytes_sent=since["bytes_sent"],
            bytes_received=since["bytes_received"],
            not_kept=self._ever - window["ever"] - len(statements),
        )

    def close(self, number: int) -> Seen:
        """Close a window and return what it has seen."""
        seen = self.read(number)
        del self._windows[number]
        if not self._windows:
            self._kept.clear()
            self._ever = 0
        return seen
