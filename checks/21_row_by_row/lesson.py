"""Row by row: each row is a statement, a transaction and a wait of its own."""

from collections import Counter
from contextlib import contextmanager

from kettle.checking import Case, Contract, worlds
from kettle.lessons.other_writers import others_act, where_free
from kettle.lessons.writes import AllOrNothing, RoundTrips

COLUMNS = "sku, name, price_cents, stock, supplier_id"
SHOP: dict = {"suppliers": 3, "customers": 1}


def row(sku, stock=3, name="Green tea", price=450, supplier=1):
    """Return a row of a list."""
    return {"sku": sku, "name": name, "price_cents": price, "stock": stock, "supplier_id": supplier}


def delivery(count):
    """Return a list, every second product of which is known to a shop of 300."""
    return [row(f"KC-{n // 2 % 300 + 1:05d}" if n % 2 else f"N-{n}", 1 + n % 7) for n in range(count)]


def products(w):
    """Return what the shop has, by the products' numbers."""
    first, *rest = COLUMNS.split(", ")
    return {
        sku: dict(zip(rest, each, strict=True))
        for sku, *each in w.tables.ask(f"SELECT {first}, {', '.join(rest)} FROM products")
    }


NEW, AGAIN = row("N-1"), row("N-1", 2)
KNOWN, MORE = row("KC-00002", name="Another name", price=1), row("KC-00002", 5, "Another name", 1)

lesson = Contract(
    "import_delivery",
    world=worlds.tables("products", products=12, **SHOP),
    call=lambda book, w, *rows: book(w.engine, [dict(each) for each in rows]),
    observe=products,
    cases={
        "a list has one product that the shop knows": Case(KNOWN, why="known"),
        "a name has stray blanks": Case(row("N-1", name=" Earl  Grey "), why="tidy"),
        "products are in a list twice": Case(KNOWN, NEW, MORE, AGAIN, why="twice"),
        "a list is empty": Case(why="empty"),
        "a name has quotes in it": Case(row("N-1", name='Ken\'s "100%" rooibos; :best'), why="quoted"),
    },
    at_once=[(NEW,), (KNOWN, row("N-2"))],
    fails=["products"],
)

large = worlds.tables("products", products=300, **SHOP)
lesson.cause(RoundTrips(delivery, world=large))
lesson.cause(AllOrNothing(delivery, lambda last: {**last, "sku": "N-bad", "price_cents": None}, world=large))


@lesson.cause
def sales_count(import_delivery, database, rng):
    """Let the tills sell between the statements of the import."""
    if database.kind == "SQLite":
        return lesson.say("one_writer")
    skus, sold = [f"KC-0000{n}" for n in range(1, 6)], Counter()
    with lesson.world.open(database=database, rng=rng)() as w:
        w.engine.connect().close()
        before = products(w)
        with others_act(lambda _: sold.update(each for (each,) in where_free(database, SALE, skus=skus))):
            lesson.call(import_delivery, w, *(row(sku, 10) for sku in skus))
        for sku, after in products(w).items():
            had, expected = before[sku]["stock"], before[sku]["stock"] + 10 * (sku in skus) - sold[sku]
            sale = lesson.say("sale", sku=sku, had=had, sold=sold[sku], expected=expected, got=after["stock"])
            assert after["stock"] == expected, sale
    return None


SALE = (
    "UPDATE products SET stock = stock - 1 WHERE id IN "
    "(SELECT id FROM products WHERE sku = ANY(:skus) FOR UPDATE SKIP LOCKED) RETURNING sku"
)


@lesson.faster
@contextmanager
def one_list(database, rng):
    """Open a shop, and book a list of sixty rows there."""
    with large.open(database=database, rng=rng)() as w:
        yield lambda book: lesson.call(book, w, *delivery(60))
