"""Row by row: each row costs a statement, a transaction and a round trip."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kettle.checking import DOES_NOT_HOLD, HOLDS, PARTLY, Claim, Question
from kettle.checking.others import in_the_middle, others_act, where_free
from kettle.checking.same import Situation, at_once
from kettle.checking.same.tables import Tables
from kettle.checking.words import many
from kettle.checking.writes import Writes, put_back, refusing, watched
from kettle.database import open_database
from kettle.probes.ratio import compare

MISTAKE = "How many rows could go along in one of them?"
EXERCISE_MISTAKE = "Which line is run again and again, and in which function?"
GONE = "The barcode is gone: the list is booked in a handful of round trips, and wholly or not at all."
EXERCISE_GONE = "The barcode is gone: the orders and their history change together, in one transaction."

HINTS = (
    "Look at the barcode: what is sent for each row, beside the statement that does the work? "
    "Which way in step 1 took three round trips?",
    "One transaction around the whole list, and `insert()` with a list of dictionaries. Step 3 says what happens "
    "to a row that is there already, step 2 how to add to its stock, step 4 what `insert()` leaves out.",
    'Make a list of columns, with `"name": tidy(row["name"])` and `"stock": row["quantity"]`. A row that is there '
    'already: `on_conflict_do_update(index_elements=[Product.sku], set_={"stock": …})`.',
    '`new = insert(Product)`, `set_={"stock": Product.stock + new.excluded.stock}`, and '
    "`with engine.begin() as connection: connection.execute(…, columns)`, unless the list is empty.",
)

EXERCISE_HINTS = (
    "Look at the barcode: two statements for each order, each a transaction of its own. Which lines send them?",
    "`update()` changes the status of many orders, `bulk_create()` writes many rows of history. Neither knows of "
    "the other, so both belong into one transaction.",
    "Whom the update changes has to be known, and must not change before it: read the ids with "
    "`select_for_update()`, inside `with transaction.atomic():`.",
    '`sent = list(Order.objects.select_for_update().filter(id__in=numbers, status="packed")'
    '.values_list("id", flat=True))`, then `.filter(id__in=sent).update(status="sent")` and '
    "`OrderEvent.objects.bulk_create([...])`.",
)

RECALL = (
    Question(
        "A loop saves 300 new rows and commits each. Round trips, if each needs one statement?",
        ("300", "600", "900"),
        2,
        "BEGIN, the statement and COMMIT, each with an answer to wait for.",
    ),
    Question(
        "`product.stock = product.stock + 5; session.commit()`, while another session sells 2. What is lost?",
        ("Nothing", "The sale", "The five"),
        1,
        "Python adds to what it read before. `stock = Product.stock + 5` lets the database add.",
    ),
    Question(
        "Django's `bulk_create` of 50 objects whose `save()` fills a field. What do the rows hold in it?",
        ("What `save()` fills in", "What the objects held: `save()` is not called", "NULL"),
        1,
        "Bulk operations pass by `save()` and signals: what they do has to be done by hand.",
    ),
)

GUESS = Question(
    "A loop writes 1,000 rows, one `INSERT` each, and commits after each. How often does it wait for the database?",
    ("1,000 times", "2,000 times", "3,000 times"),
    2,
    "The beginning of a transaction, the statement and the commit are three messages, each with an answer.",
)

CLAIMS = (
    Claim(
        name="times",
        said="“Bulk operations are 10 to 100 times as fast as saving row by row.”",
        truth=PARTLY,
        why="It depends on the number of rows and on the distance: for one row nothing is gained, and the farther "
        "away, the nearer it comes to the ratio of the round trips. The commits that are spared are a part of it, and a loop in one "
        "transaction spares them, too.",
        ids=("S3.29",),
    ),
    Claim(
        name="saves",
        said="“`bulk_create` is `save()` for many objects at once.”",
        truth=DOES_NOT_HOLD,
        why="It writes their rows. `save()` is not called and no signal is sent, so fields that are filled there "
        "stay as they are, and whoever listens hears nothing.",
        ids=("S3.25",),
    ),
    Claim(
        name="case",
        said="“`bulk_update` updates many rows as fast as one `update()`.”",
        truth=DOES_NOT_HOLD,
        why="It saves round trips, and pays with a long `CASE WHEN` that names each row's value, built in Python "
        "and read by the database. Where one expression fits all rows, `update()` with `F` is far ahead.",
        ids=("S3.27",),
    ),
    Claim(
        name="where",
        said="“`update()` on a queryset changes rows without loading them.”",
        truth=HOLDS,
        why="One statement with a WHERE, and not a row comes back. So no object hears of it, either: no `save()`, "
        "no signal.",
        ids=("S3.28",),
    ),
)

EXCUSED = {"freshness": "the number of rows is returned, which is the same; what is in the shop is compared"}
EXERCISE_EXCUSED = {}

FEW, MANY, FAR, LONG, BAD = 40, 400, 1200, 2000, 1500  # rows of lists; the place of the bad one
SHOP = 300  # products
WHOLLY = (
    "whoever is stopped between two of them leaves a part behind. Where does the transaction begin and end?"
)
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
            repeat=3,
            most=3,
        )
    return f"Here, your import is {ratio}, for a list of 60 rows and no network."


def _stock(database):
    with database.behind.connect() as connection:
        return dict(connection.execute(text("SELECT sku, stock FROM products")).all())


# --- the exercise: statuses and their history, in Django

WHEN = datetime(2026, 11, 23, 9)  # noqa: DTZ001 (the tables hold UTC, without saying so)
OTHER = {17: "paid", 18: "sent", 19: "cancelled", 20: "delivered"}
ONCE = "Each order that is sent gets exactly one row in its history, and no other order gets one."
PACKED = "An order is sent if it is packed, and nothing but its status is written."
STANDS = {
    "status": PACKED,
    "customer": PACKED,
    "history": ONCE,
    "what": 'Its row says `what="sent"`.',
    "happened_at": "The time is the one that is given, `when`.",
    "the number that is returned": "Who is counted?",
}
CANCEL = (
    "UPDATE orders SET status = 'cancelled' WHERE id IN "
    "(SELECT id FROM orders WHERE id = :number AND status = 'packed' FOR UPDATE SKIP LOCKED) RETURNING id"
)
SEND = (
    f"WITH done AS ({CANCEL.replace('cancelled', 'sent')}) INSERT INTO order_events (order_id, happened_at, what) "
    "SELECT id, '2026-11-23 08:59', 'sent' FROM done RETURNING order_id"
)
PACK = CANCEL.replace("'packed'", "'paid'").replace("'cancelled'", "'packed'")
MEANWHILE = 16  # moments at which the desk and the hall do something to one order each
HAS_OPEN = "UPDATE orders SET customer_id = 2 WHERE id = :number"
MOVE = CANCEL.replace("status = 'cancelled'", "customer_id = 2").replace(" AND status = 'packed'", "")


def _packed(rows):
    """Let orders be packed, but those of OTHER, and of one customer."""
    orders = ({**row, "status": OTHER.get(row["id"], "packed"), "customer_id": 1} for row in rows.orders)
    return replace(rows, orders=tuple(orders))


def _orders(tables):
    """Each order with its history, by its number."""
    found = {
        number: {"status": status, "customer": customer, "history": []}
        for number, status, customer in tables.ask("SELECT id, status, customer_id FROM orders")
    }
    for number, when, what in tables.ask("SELECT order_id, happened_at, what FROM order_events ORDER BY id"):
        found[number]["history"].append({"happened_at": str(when)[:19], "what": what})
    return found


def _filled(database, rng, orders):
    database.seed(
        rng.randrange(1 << 30), shape=_packed, customers=2, orders=orders, lines=0, events=1, reviews=0
    )
    database.configure_django()


def check_exercise_same_orders(fetched, same, database, rng):
    """Whoever marks orders as sent finds the statuses and the history that the merged code leaves."""
    from django.db import connections

    _filled(database, rng, 24)

    def sent(*numbers):
        def call(f, w):
            count = f(list(numbers), WHEN)
            return {"the number that is returned": count, **_orders(w.tables)}

        return call

    def apart(f, *numbers):
        def call():
            try:
                return f(list(numbers), WHEN)
            finally:
                connections.close_all()  # those of this thread

        return call

    situations = (
        Situation("one order is fetched", sent(3)),
        Situation("some orders of the list are not packed", sent(16, 17, 18, 2, 19, 20, 5)),
        Situation("no order of the list is packed", sent(17, 18, 20)),
        Situation("a number stands in the list twice, and one is unknown", sent(4, 999, 4, 1)),
        Situation("the list is empty", sent()),
        Situation(
            "an order becomes packed between two lists",
            sent(17, 6, 7),
            between=lambda w: w.tables.change("orders", 17, status="packed"),
        ),
        Situation("the history cannot be written", sent(1, 2), lambda w: w.tables.fail("order_events")),
        Situation(
            "two lists are worked on at once",
            lambda f, w: at_once(apart(f, 1, 2, 3), apart(f, 4, 17, 5)),
            seen=lambda w: _orders(w.tables),
        ),
    )[: 7 if database.kind == "SQLite" else None]  # there one writer has to give up, as with the merged code
    same(fetched, lambda: put_back(database, "order_events", "orders"), situations, noun="order", why=STANDS)


def check_exercise_round_trips_do_not_grow(fetched, database, rng):
    """A longer list takes no more waiting; it is one transaction, and a failure undoes all of it."""
    from django.db import connection

    _filled(database, rng, 2 * MANY + LONG)
    tables = Tables(database)
    connection.ensure_connection()
    seen = watched(database, lambda count: fetched(list(range(count, 2 * count)), WHEN), FEW, MANY)
    note = Writes("order", *seen, FEW, MANY).judge(EXERCISE_MISTAKE, WHOLLY)
    before, numbers = _orders(tables), list(range(2 * MANY, 2 * MANY + LONG))
    with refusing(database, "order_events", "order_id", numbers[BAD - 1]):
        try:
            fetched(numbers, WHEN)
        except Exception:  # noqa: BLE001 - however it fails
            connection.close()
        else:
            raise AssertionError(
                "The history of an order cannot be written, and `fetched` ends as if nothing were."
            )
    after = _orders(tables)
    changed = {number: order for number, order in after.items() if order != before[number]}
    statuses, histories = (
        sum(order[part] != before[number][part] for number, order in changed.items())
        for part in ("status", "history")
    )
    assert not changed, (
        f"The history of one of {LONG:,} orders cannot be written, and {statuses:,} statuses and {histories:,} "
        f"histories are changed all the same: {WHOLLY}"
    )
    count, first = fetched([*numbers[:FAR], numbers[0]], WHEN), numbers[0]
    rows = len(_orders(tables)[first]["history"]) - len(before[first]["history"])
    assert (count, rows) == (FAR, 1), (
        f"Order {first} stands first on a list of {FAR + 1:,} and last, and got {many(rows, 'row')} of history; "
        f"{count:,} orders are said to be sent. {ONCE}"
    )
    return note


def check_exercise_the_desk_goes_on(fetched, database, rng):
    """What others do to an order while the job runs stays so, and nothing but statuses is written."""
    from django.db import connection

    if database.kind == "SQLite":
        return "SQLite lets one writer work at a time, so this was not tried."
    _filled(database, rng, 24 + 2 * MEANWHILE)
    tables, done, later = Tables(database), {CANCEL: [], MOVE: [], SEND: [], PACK: []}, 25 + MEANWHILE
    tables.ask(f"UPDATE orders SET status = 'paid' WHERE id >= {later} RETURNING id")

    def others(moment):
        for act, number in zip(done, (1 + moment, 16 - moment, 25 + moment, later + moment), strict=True):
            if moment < MEANWHILE:
                done[act] += [row[0] for row in where_free(database, act, number=number)]

    connection.ensure_connection()
    with others_act(others):
        count = fetched([*range(1, 17), *range(25, later + MEANWHILE)], WHEN)
    after = _orders(tables)
    for number in (*range(1, 17), *range(25, later), *done[PACK]):
        sent = [event for event in after[number]["history"] if event["what"] == "sent"]
        _judge_order(number, after[number]["status"], len(sent), done)
    lost = [number for number in done[MOVE] if after[number]["customer"] != 2]
    assert not lost, (
        f"Order {lost[0]} got another customer while the job ran, and has the old one again. "
        "Which columns are written?"
    )
    own = sum({"what": "sent", "happened_at": str(WHEN)} in order["history"] for order in after.values())
    assert count == own, (
        f"While others work, {own} of the list are sent, and `fetched` returns {count}. Who is counted?"
    )
    with in_the_middle(database, HAS_OPEN, number=21):
        fetched([21, 22], WHEN)
    status = _orders(tables)[21]["status"]
    assert status == "sent", (
        f"The desk had order 21 open for a moment when the job began, to give it another customer: it is packed and on "
        f"the list, and ends as “{status}”. Who waits until it is free?"
    )
    return None


def _judge_order(number, status, noted, done):
    """Say what is wrong with an order of the list, which others may have cancelled, sent or packed meanwhile."""
    ends = f"ends as “{status}” with {many(noted, 'row')} “sent” in its history"
    began = f"Order {number} was packed when the job began, and was"
    if number in done[CANCEL]:
        when = f"{began} cancelled while it ran"
        assert status == "cancelled", (
            f"{when}: it is “{status}” all the same. What was known of it, since when?"
        )
        assert not noted, (
            f"{when}, and its history says “sent”. Whose history is written, and from what list?"
        )
    elif number in done[SEND]:
        assert (status, noted) == ("sent", 1), (
            f"{began} sent by another run while it ran: it {ends}. Who tells what this run has changed?"
        )
    elif number in done[PACK]:
        assert (status, noted) in (("sent", 1), ("packed", 0)), (
            f"Order {number} became packed while the job ran, and {ends}. Is it asked twice which orders are packed?"
        )
    else:
        assert (status, noted) == ("sent", 1), f"Order {number} is packed and on the list, and {ends}."
