# says: the last one are of one new product
from collections import Counter

from sqlalchemy import bindparam

BATCH = 500


def import_delivery(engine: Engine, rows: list[dict]) -> int:
    table = Product.__table__
    add = (
        update(table).where(table.c.sku == bindparam("which")).values(stock=table.c.stock + bindparam("more"))
    )
    with engine.begin() as connection:
        skus = list({row["sku"] for row in rows})
        known = set(connection.scalars(select(table.c.sku).where(table.c.sku.in_(skus)))) if skus else set()
        for start in range(0, len(rows), BATCH):
            arrived, first = Counter(), {}
            for row in rows[start : start + BATCH]:
                arrived[row["sku"]] += row["quantity"]
                first.setdefault(row["sku"], row)
            old = [{"which": sku, "more": arrived[sku]} for sku in first if sku in known]
            new = [
                {
                    "sku": sku,
                    "name": tidy(row["name"]),
                    "price_cents": row["price_cents"],
                    "stock": arrived[sku],
                    "supplier_id": row["supplier_id"],
                }
                for sku, row in first.items()
                if sku not in known
            ]
            if old:
                connection.execute(add, old)
            if new:
                connection.execute(insert(table).on_conflict_do_nothing(), new)
    return len(rows)
