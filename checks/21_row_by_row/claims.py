"""Claims that lesson 21 answers for and does not ask about."""

from time import perf_counter


def mappings_against_insert() -> str:
    """Time the legacy method and the statement that took its place, and count what crosses the wire."""
    from sqlalchemy import insert
    from sqlalchemy.orm import Session

    from kettle.database import open_database
    from kettle.database.data import SALE
    from kettle.database.models import OrderEvent

    ways = {
        "`bulk_insert_mappings`": lambda session, rows: session.bulk_insert_mappings(OrderEvent, rows),
        "`execute(insert(...), rows)`": lambda session, rows: session.execute(insert(OrderEvent), rows),
    }
    told = []
    with open_database(21, orders=20) as database:
        engine = database.engine()
        for name, way in ways.items():
            times = []
            for _ in range(5):
                rows = [{"order_id": n % 20 + 1, "happened_at": SALE, "what": "counted"} for n in range(1000)]
                with database.wire() as wire, Session(engine) as session, session.begin():
                    start = perf_counter()
                    way(session, rows)
                    times.append(1000 * (perf_counter() - start))
            told.append(f"{name} {min(times):.0f} ms, {wire.rows} rows back")
    return f"1,000 rows: {'; '.join(told)}."


MEASURES = {
    "mappings": mappings_against_insert,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
