# says: your code changes what it was given: `quantity` of entry 1 of `rows`
# wrong: renames and tidies in the caller's own rows and puts it back after the commit, so not if the database refuses: after a failure the rows have "stock", no "quantity"; "the list and its rows stay as they are"
def import_delivery(engine: Engine, rows: list[dict]) -> int:
    if not rows:
        return 0
    new = insert(Product)
    more = new.on_conflict_do_update(
        index_elements=[Product.sku], set_={"stock": Product.stock + new.excluded.stock}
    )
    names = [row["name"] for row in rows]
    for row in rows:  # no second copy of a long list
        row["name"] = tidy(row["name"])
        row["stock"] = row.pop("quantity")
    with engine.begin() as connection:
        connection.execute(more, rows)
    for row, name in zip(rows, names):
        row["name"] = name
        row["quantity"] = row.pop("stock")
    return len(rows)
