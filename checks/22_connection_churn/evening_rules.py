"""The rules: when Django opens, keeps, checks and closes a connection, with which failures.

Modelled, each rule after the source that is named:

- A thread has a connection of its own, opened by the first statement of a request and kept for the thread's
  next one (Django documentation, "Databases", "Persistent connections"; django.db.utils.ConnectionHandler).
- At a request's begin and end Django closes a connection that is older than CONN_MAX_AGE, or that failed; at
  no other time: an idle thread keeps its own, however old (django.db.close_old_connections).
- CONN_HEALTH_CHECKS asks a connection, before its first use in a request, whether it still works
  (BaseDatabaseWrapper.close_if_health_check_failed).
- Under ASGI each request runs in a thread of its own, which ends with it. A connection that was not closed by
  then is used by nobody again, and stays open until the garbage collector comes by
  (asgiref.sync.ThreadSensitiveContext; in this model always after LINGERS seconds, in truth when it pleases).
- OPTIONS["pool"] is one psycopg_pool.ConnectionPool for each process: `min_size` connections are opened at
  once (4 where nothing is said), more, one by one, up to `max_size` as they are wanted; a request takes one
  with its first statement, returns it at its end, and waits for one for `timeout` seconds. The pool itself
  tries again after a refusal. CONN_MAX_AGE has to be 0. With CONN_HEALTH_CHECKS each one is checked when it
  is lent (django.db.backends.postgresql; psycopg_pool documentation).
- The database refuses a connection beyond those it grants (max_connections), and ends one that is idle for
  longer than it allows (idle_session_timeout). Who uses an ended one gets an OperationalError.
- PgBouncer with transaction pooling lends a connection to the database for the length of a transaction:
  one statement, or with ATOMIC_REQUESTS the whole request from its first statement on (PgBouncer
  documentation, "pool_mode"; Django documentation, "Database transactions").

Left out: other databases, `max_idle` and `max_lifetime` of a pool, the growing pauses between its attempts,
limits of PgBouncer on its clients, server-side cursors and prepared statements behind it, asynchronous views
that use no thread, transactions of the views' own, and what connections cost beside their number.
checks/22_connection_churn/test_deployments.py holds the first five rules against Django itself, on a real database.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

from kettle.lessons.evening_clock import Clock, Places, Process

CONNECT = 0.010  # seconds
PING = 0.001
RETRIES = 1.0  # seconds until a pool that was refused tries again
LINGERS = 2.0  # how long a connection of a thread that has ended stays open


class Failed(Exception):
    """A request that gets no answer; `how` is "refused", "dropped" or "late"."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Connection:
    """One connection to the database, or to PgBouncer."""

    def __init__(self, server: "Server") -> None:
        self.server, self.opened, self.used = server, server.clock.now, server.clock.now
        self.open = True
        server.idle(self)

    def close(self) -> None:
        """Close it, at whichever end."""
        if self.open:
            self.open = False
            self.server.count(-1)


class Server:
    """The database, with or without PgBouncer before it: grants connections, and ends idle ones."""

    def __init__(
        self, clock: Clock, granted: int, ends_idle: float | None, pgbouncer: bool, until: float
    ) -> None:
        self.clock, self.granted, self.ends_idle, self.until = clock, granted, ends_idle, until
        self.bouncer = Places(clock, granted) if pgbouncer else None
        self.open = self.most = self.connects = self.refusals = 0
        self.history: list[tuple[float, int]] = [(0.0, 0)]

    def count(self, step: int) -> None:
        """Count a connection that opens or closes."""
        self.open += step
        self.most = max(self.most, self.open)
        self.history.append((self.clock.now, self.open))

    def connect(self) -> Process:
        """Open a connection; raises Failed where none is left."""
        self.connects += 1
        if self.bouncer is None and self.open >= self.granted:
            self.refusals += 1
            raise Failed("refused")
        self.count(+1)
        yield CONNECT
        return Connection(self)

    def idle(self, connection: Connection) -> None:
        """Note that nobody asks a connection anything from now on."""
        connection.used = self.clock.now
        if self.ends_idle is not None:
            self.clock.start(self._end(connection, connection.used), self.ends_idle)

    def _end(self, connection: Connection, used: float) -> Process:
        if connection.used == used:
            connection.close()
        yield from ()


class Pool:
    """A psycopg_pool.ConnectionPool of one process."""

    def __init__(self, server: Server, sizes: Mapping[str, Any], checks: bool) -> None:
        self._server, self._checks = server, checks
        self.smallest = sizes.get("min_size", 4)
        self.largest = self.smallest if sizes.get("max_size") is None else sizes["max_size"]
        self.timeout = sizes.get("timeout", 30.0)
        self._there = Places(server.clock, 0)  # a place is a connection that can be lent
        self._free: deque[Connection] = deque()
        self._made = 0  # connections that it has, or is about to have
        self._growing = False

    def take(self) -> Process:
        """Lend a connection; raises Failed where none can be had in time."""
        while self._made < self.smallest:
            self._add()
        if not self._there.free and self._made < self.largest and not self._growing:
            self._growing = True
            self._add()
        if not (yield self._there.ask(self.timeout)):
            raise Failed("late")
        connection = self._free.pop()
        if self._checks:
            yield PING
            if not connection.open:
                self._discard()
                return (yield from self.take())
        return connection

    def give_back(self, connection: Connection) -> None:
        """Take a connection back; a broken one is replaced."""
        if connection.open:
            self._keep(connection)
        else:
            self._discard()

    def _add(self) -> None:
        self._made += 1
        self._server.clock.start(self._connect())

    def _discard(self) -> None:
        self._made -= 1
        if self._made < self.smallest:
            self._add()

    def _keep(self, connection: Connection) -> None:
        self._free.append(connection)
        self._there.give_back()

    def _connect(self) -> Process:
        while True:
            try:
                self._keep((yield from self._server.connect()))
                break
            except Failed:
                if self._server.clock.now > self._server.until:
                    return  # it would try for minutes to come; the evening is over
                yield RETRIES
        self._growing = False
        if self._there.waiting and self._made < self.largest:
            self._growing = True
            self._add()


class Handle:
    """What Django keeps for a thread: its connection, and when that has to be closed."""

    def __init__(self, server: Server, settings: Mapping[str, Any], pool: Pool | None) -> None:
        self._server, self._pool = server, pool
        self._age = settings.get("CONN_MAX_AGE", 0)
        self._checks = settings.get("CONN_HEALTH_CHECKS", False)
        self._atomic = settings.get("ATOMIC_REQUESTS", False)
        self._connection: Connection | None = None
        self._checked = self._failed = self._in_transaction = False

    def request_started(self) -> None:
        """Close what is too old, and check the rest before its next use."""
        self._close_old()
        self._checked = False

    def request_finished(self) -> None:
        """End the transaction, and close what is too old or has failed."""
        if self._in_transaction and self._server.bouncer is not None:
            self._server.bouncer.give_back()
            self._in_transaction = False
        self._close_old()

    def statement(self, takes: float) -> Process:
        """Send a statement, which takes so many seconds; raises Failed."""
        if self._connection is not None and self._checks and not self._checked and self._pool is None:
            yield PING
            if not self._connection.open:
                self._connection = None
        self._checked = True
        if self._connection is None:
            self._failed = False
            source = self._server.connect() if self._pool is None else self._pool.take()
            self._connection = yield from source
        if not self._connection.open:
            self._failed = True
            raise Failed("dropped")
        self._connection.used = None  # at work: nobody ends it
        yield from self._at_the_database(takes)
        self._server.idle(self._connection)

    def thread_ends(self) -> None:
        """Leave the connection, if there still is one, to the garbage collector."""
        if self._connection is not None:
            self._server.clock.start(self._collected(self._connection), LINGERS)
            self._connection = None

    def _at_the_database(self, takes: float) -> Process:
        bouncer = self._server.bouncer
        if bouncer is not None and not self._in_transaction:
            yield bouncer.ask()
            self._in_transaction = self._atomic
        yield takes
        if bouncer is not None and not self._in_transaction:
            bouncer.give_back()

    def _close_old(self) -> None:
        connection = self._connection
        if connection is None:
            return
        too_old = self._age is not None and self._server.clock.now >= connection.opened + self._age
        if self._pool is not None:
            self._pool.give_back(connection)
            self._connection = None
        elif too_old or self._failed:
            connection.close()
            self._connection = None

    @staticmethod
    def _collected(connection: Connection) -> Process:
        connection.close()
        yield from ()
