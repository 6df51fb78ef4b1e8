"""Row by row: each row costs a statement, a transaction and a round trip."""

from collections import Counter

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kettle.checking import words_of
from kettle.checking.equivalence import Situation, at_once
from kettle.checking.equivalence.tables import put_back
from kettle.checking.others import others_act, where_free
from kettle.checking.writes import Writes, watched
from kettle.database import open_database
from kettle.probes.ratio import compare

from .world import BAD, FAR, FEW, LONG, MANY, WHOLLY

MISTAKE = words_of(__file__).lesson.mistake

SHOP = 300  # products


TWICE = "Each row's quantity counts, and the first row of a new product says its name and its price."


KEPT = "A product that the shop knows gets more stock, and nothing else of it changes."


QUOTED = "The name has become a part of the statement: whoever types a name writes SQL. "


BESIDE = "Values go beside the statement, as parameters, and what they hold is never read as SQL."


STATE = "SELECT sku, name, price_cents, stock, supplier_id FROM products"


def _row(sku, quantity=3, name="Green tea", price=450, supplier=1):
    return {"sku": sku, "name": name, "price_cents": price, "quantity": quantity, "supplier_id": supplier}


def _shop(database, rng, products):
    database.seed(rng.randrange(1 << 30), products=products, suppliers=3, customers=1, orders=0, reviews=0)


def _list(rng, count, name="Tea"):
    """Make a list of which every second product is known to a shop of SHOP products, and the others are new."""
    first = rng.randrange(1 << 30)
    skus = (f"KC-{n // 2 % SHOP + 1:05d}" if n % 2 else f"N-{first}-{n}" for n in range(count))
    return [_row(sku, name=name) for sku in skus]


def _twice(error):
    """Say what one statement may not do twice."""
    if "second time" in str(error):
        return "One statement cannot change a row twice: which rows belong together?"
    if "unique" in str(error).lower() or "duplicate" in str(error).lower():
        return "The second row of a product finds the first one there already."
    return ""


def _quoted(error):
    return QUOTED + BESIDE if isinstance(error, SQLAlchemyError | TypeError | ValueError) else ""


COLUMNS = ("name", "price_cents", "stock", "supplier_id")


TWO = {**dict.fromkeys(COLUMNS, TWICE), "error": _twice}


TIDIED = "`insert()` makes no objects, so no listener hears of the row: who tidies its name?"


EMPTY = "`execute` takes an empty list for no values at all. What is there to be done for an empty list?"


def check_same_stock(import_delivery, same, database, rng):
    """Whoever books a list finds in the shop what the merged code puts there, whatever the list holds."""
    _shop(database, rng, 12)
    engine = database.engine()

    def booked(*rows):
        def call(f, w):
            number = f(engine, [dict(row) for row in rows])
            shop = {sku: dict(zip(COLUMNS, rest, strict=True)) for sku, *rest in w.tables.ask(STATE)}
            return {"the number that is returned": number, **shop}

        return call

    def gone(w):
        with database.behind.begin() as connection:
            connection.execute(text("DELETE FROM products WHERE sku = 'N-1'"))

    name = "Ken's \"100%\" rooibos; :best (50 g) \\ 'new'"
    known, new = _row("KC-00002", name="Another name", price=1), _row("N-1", name="Mint tea", supplier=2)
    less, more = _row("N-1", 2, "Black tea", 390, 1), _row("N-1", 4, "White tea", 990, 3)  # in every column
    situations = (
        Situation("a list has one new product", booked(new)),
        Situation("a list has one product that the shop knows", booked(known), why=KEPT),
        Situation(
            "a new name has stray blanks", booked(_row("N-1", name=" Earl  Grey ")), why={"name": TIDIED}
        ),
        Situation("a known product stands in a list twice", booked(known, new, _row("KC-00002", 5)), why=TWO),
        Situation("a new product stands in a list again", booked(new, more, known, less, more), why=TWO),
        Situation("a list is empty", booked(), why={"error": EMPTY}),
        Situation(
            "a quantity is 0, and one is less", booked(_row("N-1", 0), _row("KC-00003", -2)), why=TWICE
        ),
        Situation(
            "a name has quotes and signs in it", booked(_row("N-1", name=name)), why={"error": _quoted}
        ),
        Situation("a product is taken out of the shop between two lists", booked(new, known), between=gone),
        Situation(
            "two lists are booked at once",
            lambda f, w: at_once(lambda: f(engine, [new]), lambda: f(engine, [known, _row("N-2")])),
            seen=lambda w: sorted(map(tuple, w.tables.ask(STATE))),
        ),
        Situation("the table cannot be written", booked(new), lambda w: w.tables.fail("products")),
    )
    same(import_delivery, lambda: put_back(database, "products"), situations)
    engine.dispose()


def check_round_trips_do_not_grow(import_delivery, database, rng):
    """A longer list takes no more waiting; it is one transaction, and a bad row undoes all of it."""
    _shop(database, rng, SHOP)
    engine, name = database.engine(), f"Zephyr {rng.randrange(1 << 30)}"
    engine.connect().close()
    seen = watched(database, lambda count: import_delivery(engine, _list(rng, count, name)), FEW, MANY)
    note = Writes("row", *seen, FEW, MANY, connections=0).judge(MISTAKE, WHOLLY)
    assert not any(name in each.sql for one in seen for each in one.everything), (
        f"The name “{name}” stands in the text of a statement. {BESIDE} In the text, a name that is chosen well "
        "adds a statement of its own: that is SQL injection."
    )
    rows = _list(rng, FAR)
    rows[-1] = rows[0] | {"quantity": 5}
    import_delivery(engine, rows)
    there = _stock(database)[rows[0]["sku"]]
    assert there == rows[0]["quantity"] + 5, (
        f"The first of {FAR:,} rows and the last one are of one new product, and {rows[0]['quantity']} and 5 of it "
        f"arrived: the shop says {there}. {TWICE}"
    )
    rows, before = _list(rng, LONG), _stock(database)
    bad = {"price_cents": None} if database.kind == "SQLite" else {"supplier_id": 999_999}
    rows[BAD - 1] |= {"sku": "N-0", **bad}
    try:
        import_delivery(engine, rows)
    except Exception:  # noqa: BLE001 - however it fails
        after = _stock(database)
        assert after == before, (
            f"Row {BAD:,} of {LONG:,} is bad, and {sum(after.values()) - sum(before.values()):,} pieces of the list "
            f"are booked all the same: {WHOLLY}"
        )
    else:
        raise AssertionError(f"Row {BAD:,} of {LONG:,} is bad, and the import ends as if nothing were.")
    finally:
        engine.dispose()
    return note


def check_a_sale_meanwhile_counts(import_delivery, database, rng):
    """What the tills sell while a list is booked is neither lost nor added up twice."""
    if database.kind == "SQLite":
        return "SQLite lets one writer work at a time, so this was not tried."
    _shop(database, rng, 12)
    rows = [_row(f"KC-0000{n}", 10 + n) for n in range(1, 6)]
    skus, sold, before = [row["sku"] for row in rows], Counter(), _stock(database)

    def sell(_):
        sold.update(sku for (sku,) in where_free(database, SALE, skus=skus))

    engine = database.engine()
    engine.connect().close()
    with others_act(sell):
        import_delivery(engine, rows)
    engine.dispose()
    after = _stock(database)
    for row in rows:
        sku = row["sku"]
        there = before[sku] - sold[sku] + row["quantity"]
        assert after[sku] == there, (
            f"{before[sku]} of {sku} were there, {row['quantity']} arrived, and while the list was booked the tills "
            f"sold {sold[sku]}: {there} are left, and the shop says {after[sku]}. Who adds up, and from what number?"
        )
    return None


SALE = (
    "UPDATE products SET stock = stock - 1 WHERE id IN "
    "(SELECT id FROM products WHERE sku = ANY(:skus) FOR UPDATE SKIP LOCKED) RETURNING sku"
)


def interest_how_much_faster(as_merged, import_delivery, rng):
    """How much faster one list is here."""
    with open_database(21, products=SHOP, orders=0) as database:
        engine = database.engine()
        ratio = compare(
            lambda: as_merged(engine, _list(rng, 60)),
            lambda: import_delivery(engine, _list(rng, 60)),
        )
    return f"Here, your import is {ratio}, for a list of 60 rows and no network."


def _stock(database):
    with database.behind.connect() as connection:
        return dict(connection.execute(text("SELECT sku, stock FROM products")).all())
