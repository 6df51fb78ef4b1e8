"""Tables in a file of SQLite, in a folder of its own."""

import contextlib
import shutil
import sqlite3
import tempfile
import weakref
from pathlib import Path
from typing import IO, Any

from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from kettle.database.folder import SQLITE_PREFIX
from kettle.database.models import Base
from kettle.database.sqlite import Simulated
from kettle.processes import owned
from kettle.processes.folders import claim, remove_stale_folders

_open_files: set["SqliteStore"] = set()


def _remove(place: Path, claimed: IO[bytes]) -> None:
    claimed.close()
    shutil.rmtree(place, ignore_errors=True)


class SqliteStore:
    """A file in a temporary folder of its own, which is removed at the end."""

    kind = "SQLite"
    ending = None  # who only reads holds no lock that a writer waits for

    def __init__(self, why: str) -> None:
        remove_stale_folders()
        self.simulated = Simulated()
        self._factory = self.simulated.connection_class()
        self._folder = Path(tempfile.mkdtemp(prefix=owned(SQLITE_PREFIX)))
        self._remove = weakref.finalize(self, _remove, self._folder, claim(self._folder))
        _open_files.add(self)  # an engine may outlive the last name of its database
        self._path = self._folder / "larder.sqlite3"
        with contextlib.closing(sqlite3.connect(self._path)) as connection:
            connection.execute("PRAGMA journal_mode = wal")
        engine = create_engine(URL.create("sqlite", database=str(self._path)))
        Base.metadata.create_all(engine)
        engine.dispose()
        self.says = (
            "SQLite, a file instead of a server: statements and rows are counted as on a server, but one "
            "writer works at a time, nothing crosses a network, and connecting is nearly free."
        )
        if why:
            self.says += f" The reason: {why}"

    @property
    def delay(self) -> float:
        """Seconds that are added to each round trip."""
        return self.simulated.delay

    @property
    def dsn(self) -> str:
        """The address for a plain driver."""
        return str(self._path)

    def url(self, _: str, driver: str) -> URL:
        """Return the address for SQLAlchemy."""
        return URL.create(f"sqlite+{driver}", database=str(self._path))

    def url_behind(self) -> URL:
        """Return the address, for SQLAlchemy, of a connection that is neither delayed nor counted."""
        return URL.create("sqlite", database=str(self._path))

    def connect_args(self) -> dict:
        """Return what the driver needs to be told by SQLAlchemy."""
        return {"factory": self._factory}

    def connect(self, **options: Any) -> sqlite3.Connection:
        """Return a new connection of the plain driver."""
        return sqlite3.connect(self._path, factory=self._factory, **options)

    def django(self) -> dict:
        """Return Django's settings for this database."""
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(self._path),
            "OPTIONS": {"factory": self._factory, "timeout": 20},
        }

    def set_delay(self, seconds: float) -> None:
        """Charge this many seconds for each round trip."""
        self.simulated.delay = seconds

    def drop(self) -> int:
        """Do nothing: nobody at the other end of a file could end a connection."""
        return 0

    def fill(self, tables: dict[str, tuple[dict, ...]]) -> None:
        """Replace all rows, neither delayed nor counted."""
        engine = create_engine(URL.create("sqlite", database=str(self._path)))
        with engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
            for name, rows in tables.items():
                if rows:
                    connection.execute(Base.metadata.tables[name].insert(), list(rows))
            connection.exec_driver_sql("ANALYZE")
        engine.dispose()

    def window(self, what: str, number: int = 0) -> Any:
        """Open, read or close a window over what is seen."""
        return getattr(self.simulated.ledger, what)(*([number] if what != "open" else []))

    def close(self) -> None:
        """Remove everything that was made."""
        _open_files.discard(self)
        self._remove()
