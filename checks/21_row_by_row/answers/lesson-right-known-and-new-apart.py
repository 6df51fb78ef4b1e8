from collections import Counter

from sqlalchemy import bindparam


def import_delivery(engine: Engine, rows: list[dict]) -> int:
    arrived = Counter()
    for row in rows:
        arrived[row["sku"]] += row["quantity"]
    first = {row["sku"]: row for row in reversed(rows)}
    table = Product.__table__
    with engine.begin() as connection:
        known = set(connection.scalars(select(table.c.sku).where(table.c.sku.in_(list(first)))))
        more = update(table).where(table.c.sku == bindparam("of"))
        more = more.values(stock=table.c.stock + bindparam("n"))
        if known:
            connection.execute(more, [{"of": sku, "n": arrived[sku]} for sku in known])
        if new := [row for sku, row in first.items() if sku not in known]:
            columns = ("sku", "price_cents", "supplier_id")
            made = [{name: row[name] for name in columns} for row in new]
            for row in made:
                row |= {"name": tidy(first[row["sku"]]["name"]), "stock": arrived[row["sku"]]}
            connection.execute(insert(table), made)
    return len(rows)
