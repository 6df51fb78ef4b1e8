# says: the first row of a new product says its name and its price
# wrong: sorted by (sku, price): a new sku that stands twice, the cheaper row second, is added with the second row's name and price; "a new one is added as its first row says"
def import_delivery(engine: Engine, rows: list[dict]) -> int:
    # always in the same order, so that two imports never wait for each other
    ordered = sorted(rows, key=lambda row: (row["sku"], row["price_cents"]))
    values = [
        {
            "sku": row["sku"],
            "name": tidy(row["name"]),
            "price_cents": row["price_cents"],
            "stock": row["quantity"],
            "supplier_id": row["supplier_id"],
        }
        for row in ordered
    ]
    new = insert(Product)
    more = new.on_conflict_do_update(
        index_elements=[Product.sku], set_={"stock": Product.stock + new.excluded.stock}
    )
    if values:
        with engine.begin() as connection:
            connection.execute(more, values)
    return len(rows)
