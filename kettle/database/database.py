"""`open_database()`: Kettle & Crumb's database, on PostgreSQL where it can be had and on SQLite elsewhere."""

import weakref
from collections.abc import Callable
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL

from kettle.database.data import Rows, Sizes, make_rows
from kettle.database.folder import NoServer
from kettle.database.postgres_store import PostgresStore
from kettle.database.sqlite_store import SqliteStore
from kettle.database.window import Wire

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


class Database:
    """One set of Kettle & Crumb's tables, with a delay and counts of its own. Made by `open_database()`.

    `data` holds the rows that were put in, for expected answers; `kind` is "PostgreSQL 18" or "SQLite",
    and `says` a sentence for the learner.
    """

    def __init__(self, store: PostgresStore | SqliteStore) -> None:
        self._store = store
        self._engines: weakref.WeakSet[Engine] = weakref.WeakSet()
        self.data = Rows()
        self.closed = False

    # ---- what it is

    @property
    def kind(self) -> str:
        """The name of the database: "PostgreSQL 18", say, or "SQLite"."""
        return self._store.kind

    @property
    def says(self) -> str:
        """What the learner should know: which database this is, and which delay is charged."""
        return f"{self._store.says} {self._delay_told()}"

    @property
    def delay(self) -> float:
        """Seconds that are added to each round trip."""
        return self._store.delay

    @property
    def url(self) -> str:
        """The address in SQLAlchemy's form, for `create_engine`; it holds the password.

        On SQLite, only `engine()`, `async_engine()` and `connect()` give connections that are counted and
        delayed.
        """
        return self._url("psycopg", "pysqlite").render_as_string(hide_password=False)

    @property
    def dsn(self) -> str:
        """The address for a plain driver: psycopg, asyncpg (or, on SQLite, the file's path)."""
        return self._store.dsn

    def __repr__(self) -> str:
        return f"<{self.kind}: {self.data!r}{', closed' if self.closed else ''}>"

    # ---- ways in

    def engine(self, **options: Any) -> Engine:
        """Return a new SQLAlchemy engine, disposed of with the database; `options` go to `create_engine`."""
        engine = create_engine(self._url("psycopg", "pysqlite"), **self._options(options))
        self._engines.add(engine)
        return engine

    def async_engine(self, driver: str = "asyncpg", **options: Any) -> "AsyncEngine":
        """Return a new AsyncEngine; `driver` is "asyncpg" or "psycopg" (on SQLite always aiosqlite)."""
        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine(self._url(driver, "aiosqlite"), **self._options(options))
        self._engines.add(engine.sync_engine)
        return engine

    def connect(self, **options: Any) -> Any:
        """Return a new connection of the plain driver, psycopg or sqlite3; `options` go to its `connect`."""
        return self._store.connect(**options)

    def configure_django(self) -> ModuleType:
        """Set Django up with these tables (django.setup, settings in code) and return its module of models.

        Works in a notebook's cell, and again for another database of the same kernel. See
        `django_setup.configure` for why DJANGO_ALLOW_ASYNC_UNSAFE is set. Raises RuntimeError where Django
        is set up for something else.
        """
        from kettle.database.django_setup import configure

        return configure(self._store.django())

    # ---- what can be done with it

    def set_delay(self, seconds: float) -> None:
        """Charge `seconds` for each round trip from now on (0 or more)."""
        if not 0 <= seconds <= 10:
            raise ValueError("A delay is between 0 and 10 seconds.")
        self._store.set_delay(float(seconds))

    def drop_connections(self) -> int:
        """End all connections, as a server that restarts does; return how many.

        Whoever holds one learns of it when it is used next; a new one can be opened at once. On SQLite there
        are none to end.
        """
        return self._store.drop()

    @cached_property
    def behind(self) -> Engine:
        """An engine that is neither delayed nor counted: for whoever changes rows behind a program's back."""
        engine = create_engine(self._store.url_behind())
        self._engines.add(engine)
        return engine

    def end_transactions(self) -> None:
        """End connections that hold a lock on our tables, so that whoever alters these need not wait."""
        if (ending := self._store.ending) is not None:
            with self.behind.begin() as connection:
                connection.execute(ending)

    def seed(self, seed: int = 0, *, shape: Callable[[Rows], Rows] | None = None, **sizes: int) -> Rows:
        """Replace all rows by new ones made from `seed`; neither delayed nor counted. Returns them.

        Sizes: suppliers, products, customers, orders; lines and events for each order; reviews for each
        product. `shape` is given the rows and returns those that are put in, in its own order.
        """
        rows = make_rows(seed, Sizes(**sizes))
        return self.fill(shape(rows) if shape else rows)

    def fill(self, rows: Rows) -> Rows:
        """Replace all rows by these; neither delayed nor counted."""
        self._store.fill(rows.tables())
        self.data = rows
        return rows

    def wire(self) -> Wire:
        """Return a window over the wire: `with database.wire() as wire: ...`, then `wire.count`.

        On PostgreSQL it is seen by the proxy, whatever library sent it; on SQLite in the driver's connection.
        """
        return Wire(self._store)

    def close(self) -> None:
        """Dispose of the engines, drop the tables, close the way in; the server stays for the next one."""
        if self.closed:
            return
        self.closed = True
        for engine in list(self._engines):
            # connections of an event loop that is gone cannot be closed politely: the store ends them
            engine.dispose(close=not engine.dialect.is_async)
        self._store.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- inside

    def _url(self, driver: str, sqlite_driver: str) -> URL:
        return self._store.url(driver, sqlite_driver)

    def _options(self, options: dict) -> dict:
        mine = self._store.connect_args()
        return {**options, "connect_args": {**mine, **options.get("connect_args", {})}} if mine else options

    def _delay_told(self) -> str:
        if not self.delay:
            return "No network delay is added."
        what = "round trip" if self.kind != "SQLite" else "statement"
        return f"A network delay of {self.delay * 1000:g} ms is added to each {what}."


def open_database(seed: int | None = 0, *, delay: float = 0.0, server: bool = True, **sizes: Any) -> Database:
    """Open Kettle & Crumb's database, filled from `seed`; the first one of a kernel starts the server.

    With None as the seed its tables are empty, for whoever fills them by `Database.seed` or `Database.fill`.
    `delay` is in seconds for each round trip; `sizes` (and a `shape`) as for `Database.seed`; `server=False`
    asks for SQLite. Where no server can be had, it is SQLite too, and `says` tells why. Raises
    WrongAddress where KETTLE_DATABASE_URL is wrong.
    """
    store: PostgresStore | SqliteStore
    if server:
        try:
            store = PostgresStore.open()
        except NoServer as trouble:
            store = SqliteStore(why=str(trouble))
    else:
        store = SqliteStore(why="")
    database = Database(store)
    try:
        if seed is not None:
            database.seed(seed, **sizes)
        if delay:
            database.set_delay(delay)
    except BaseException:
        database.close()
        raise
    return database
