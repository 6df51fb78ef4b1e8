from collections import Counter

from sqlalchemy import bindparam, select, update


def import_delivery(engine: Engine, rows: list[dict]) -> int:
    arrived = Counter()
    for row in rows:
        arrived[row["sku"]] += row["stock"]
    first = {row["sku"]: row for row in reversed(rows)}
    table = Product.__table__
    with engine.begin() as connection:
        known = set(connection.scalars(select(table.c.sku).where(table.c.sku.in_(list(first)))))
        more = update(table).where(table.c.sku == bindparam("of"))
        more = more.values(stock=table.c.stock + bindparam("n"))
        if known:
            connection.execute(more, [{"of": sku, "n": arrived[sku]} for sku in known])
        if new := [row for sku, row in first.items() if sku not in known]:
            made = [{**row, "name": tidy(row["name"]), "stock": arrived[row["sku"]]} for row in new]
            connection.execute(insert(table), made)
    return len(rows)
