"""Kettle & Crumb's database: a PostgreSQL server of this kernel's own, behind a network delay.

from kettle.database import open_database

with open_database(seed=7, orders=100, delay=0.002) as database:
    engine = database.engine()
    with database.wire() as wire:
        ...
    print(wire.count, wire.rows, wire.round_trips)
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kettle.database.database import Database, open_database
    from kettle.database.postgres_store import WrongAddress, start_server_ahead
    from kettle.database.statements import Seen, Statement, Transactions

__all__ = [
    "Database",
    "Seen",
    "Statement",
    "Transactions",
    "WrongAddress",
    "open_database",
    "start_server_ahead",
]

# Imported on first use, since the supervisor is a module of this package too, and must stay small.
_HOMES = {
    "open_database": "kettle.database.database",
    "Database": "kettle.database.database",
    "WrongAddress": "kettle.database.postgres_store",
    "Statement": "kettle.database.statements",
    "Transactions": "kettle.database.statements",
    "Seen": "kettle.database.statements",
    "start_server_ahead": "kettle.database.postgres_store",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'kettle.database' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
