"""Tables in a schema of a PostgreSQL server, behind the proxy."""

import contextlib
import secrets
from functools import cache
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import TextClause, create_mock_engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL

from kettle.database.folder import NoServer
from kettle.database.models import Base
from kettle.database.own import VARIABLE, own_server
from kettle.database.window import seen_from
from kettle.processes.child import Child


class DatabaseProcess(Child):
    """The process between this one and its database."""

    module = "kettle.database.supervisor"
    name = "The database's process"
    again = "Open the database again."
    trouble = NoServer
    patience = 30.0
    start_patience = 130.0  # a start takes one or two seconds, on a busy machine many more
    parting = 20.0
    tidies_up = True

    def ask(self, what: str, /, **details: Any) -> Any:
        """Ask for something and return the answer; raises NoServer."""
        return self.tell(what, **details).wait()


class PostgresStore:
    """A schema with a random name. Two doors: the front one delays and counts, the back one is for us."""

    delay = 0.0

    def __init__(self, process: DatabaseProcess, own: dict | None) -> None:
        self._process = process
        self._login = own or {
            "user": "postgres",
            "password": process.started()["password"],
            "database": "postgres",
        }
        self._schema = f"kettle_{secrets.token_hex(6)}"
        self._front: dict[str, Any] = process.ask("open", schema=self._schema)
        self._back: dict[str, Any] = process.ask("open", schema=self._schema)
        with psycopg.connect(self._dsn(self._back), autocommit=True) as connection:
            version = connection.info.server_version
            connection.execute(f"CREATE SCHEMA {self._schema}; {_all_tables()}")
        self._new = True  # nothing was ever put in
        self.kind = f"PostgreSQL {version // 10000}"
        self.says = (
            f"{self.kind} of your own ({VARIABLE}), in a schema that is dropped at the end."
            if own
            else f"{self.kind}, started for this notebook and ending with it."
        )

    @classmethod
    def open(cls) -> "PostgresStore":
        """Open a schema on the user's own server, else on ours; raises NoServer where ours cannot be had."""
        try:
            own = own_server()
        except NoServer as trouble:
            # the user asked for that server: another one in its place would be a surprise
            raise WrongAddress(str(trouble)) from None
        process = process_for(own)
        while _ready:
            if (store := _ready.pop())._process is process:
                return store
        return cls(process, own)

    @property
    def dsn(self) -> str:
        """The address for a plain driver."""
        return self._dsn(self._front)

    def url(self, driver: str, _: str) -> URL:
        """Return the address for SQLAlchemy."""
        return self._url(driver, self._front)

    def url_behind(self) -> URL:
        """Return the address, for SQLAlchemy, of the door that neither delays nor counts."""
        return self._url("psycopg", self._back)

    @property
    def ending(self) -> TextClause:
        """The statement that ends connections that hold a lock on our tables."""
        return text(_END_USERS).bindparams(schema=self._schema)

    def _url(self, driver: str, door: dict) -> URL:
        login = self._login
        return URL.create(
            f"postgresql+{driver}",
            username=login["user"],
            password=login["password"] or None,
            host="127.0.0.1",
            port=door["port"],
            database=login["database"],
        )

    def _dsn(self, door: dict) -> str:
        return self._url("psycopg", door).set(drivername="postgresql").render_as_string(hide_password=False)

    def connect_args(self) -> dict:
        """Return what the driver needs to be told by SQLAlchemy."""
        return {}

    def connect(self, **options: Any) -> psycopg.Connection:
        """Return a new connection of the plain driver."""
        return psycopg.connect(self.dsn, **options)

    def django(self) -> dict:
        """Return Django's settings for this database."""
        login = self._login
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": login["database"],
            "USER": login["user"],
            "PASSWORD": login["password"],
            "HOST": "127.0.0.1",
            "PORT": self._front["port"],
        }

    def set_delay(self, seconds: float) -> None:
        """Charge this many seconds for each round trip."""
        self._process.ask("delay", tenant=self._front["tenant"], seconds=seconds)
        self.delay = seconds

    def drop(self) -> int:
        """End all connections of the front door, and return how many there were."""
        return self._process.ask("drop", tenant=self._front["tenant"])

    def fill(self, tables: dict[str, tuple[dict, ...]]) -> None:
        """Replace all rows, neither delayed nor counted."""
        new, self._new = self._new, False
        with psycopg.connect(self._dsn(self._back)) as connection:
            names = sql.SQL(", ").join(map(sql.Identifier, tables))
            if not new:
                connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
            for table, rows in tables.items():
                if rows:
                    _copy(connection, table, rows)
            connection.execute(sql.SQL("ANALYZE {}").format(names))

    def window(self, what: str, number: int = 0) -> Any:
        """Open, read or close a window over what is seen."""
        told = self._process.ask("window", tenant=self._front["tenant"], what=what, number=number)
        return told if what == "open" else seen_from(told)

    def close(self) -> None:
        """Remove everything that was made."""
        if not self._process.usable:  # the server went, and the schema with it
            return
        self._process.ask("close", tenant=self._front["tenant"])
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(self._dsn(self._back), autocommit=True) as connection,
        ):
            connection.execute(_END_USERS.replace(":schema", "%(schema)s"), {"schema": self._schema})
            connection.execute("SET lock_timeout = '5s'")
            connection.execute(
                sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(self._schema))
            )
        self._process.ask("close", tenant=self._back["tenant"])


_ready: list[PostgresStore] = []


def process_for(own: dict | None = None) -> DatabaseProcess:
    """Return the process that leads to our server, or to the user's own, and start it where there is none.

    Raises:
        NoServer: with a sentence, where there can be none.
    """
    process = DatabaseProcess.running(*((own["address"], own["conninfo"]) if own else ()))
    process.started()
    return process


def start_server_ahead(databases: int = 0) -> None:
    """Start this kernel's server now, so that the first open_database() finds it ready.

    Args:
        databases: how many of them find their tables ready, too.

    Raises:
        NoServer: with a sentence, where there can be none.
    """
    own = own_server()
    process = process_for(own)
    _ready.extend(PostgresStore(process, own) for _ in range(databases))


class WrongAddress(RuntimeError):
    """KETTLE_DATABASE_URL is wrong or leads nowhere; the text is a sentence for the learner."""


# a session that still holds a lock on our tables would make the drop wait
_END_USERS = """
    SELECT pg_terminate_backend(locks.pid)
    FROM pg_locks AS locks JOIN pg_class AS tables ON locks.relation = tables.oid
    JOIN pg_namespace AS schemas ON tables.relnamespace = schemas.oid
    WHERE schemas.nspname = :schema AND locks.pid <> pg_backend_pid()
"""


@cache
def _all_tables() -> str:
    """Return the statements that make all tables; sent at once, they take half as long as one by one."""
    told = []
    dialect = postgresql.dialect()
    mock = create_mock_engine(
        "postgresql+psycopg://", lambda ddl, *_, **__: told.append(str(ddl.compile(dialect=dialect)))
    )
    Base.metadata.create_all(mock, checkfirst=False)
    return "; ".join(told)


def _copy(connection: psycopg.Connection, table: str, rows: tuple[dict, ...]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)) as copy:
            for row in rows:
                copy.write_row(tuple(row.values()))
        # rows came with their ids, so the sequence has to be told where to go on
        last = max(row["id"] for row in rows)
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table, last))
