"""Kettle & Crumb's database: a PostgreSQL server of this kernel's own, behind a network delay, and what it sees.

    from kettle.database import open_database

    with open_database(seed=7, orders=100, delay=0.002) as database:
        engine = database.engine()
        with database.wire() as wire:
            ...
        print(wire.count, wire.rows, wire.round_trips)
"""

# The supervisor is a module of this package and must stay small: what is imported here is imported on first use.
_HOMES = {
    "open_database": "kettle.database.database",
    "Database": "kettle.database.database",
    "WrongAddress": "kettle.database.stores",
    "Statement": "kettle.database.statements",
    "Transactions": "kettle.database.statements",
    "Seen": "kettle.database.statements",
    "stop_servers": "kettle.database.control",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'kettle.database' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
