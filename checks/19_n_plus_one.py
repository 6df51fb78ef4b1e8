"""N plus one: an attribute in a loop asks the database again for each row."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from kettle.checking import DOES_NOT_HOLD, HOLDS, PARTLY, Claim, Question
from kettle.checking.same import Situation, at_once, database_world
from kettle.checking.same.alike import COUNT, ORDER, SWAPPED
from kettle.checking.same.asking import failing_once
from kettle.checking.same.rows import edged, in_stock, newest
from kettle.checking.statements import Pages
from kettle.database import open_database
from kettle.database.models import Customer, Order
from kettle.probes.ratio import compare

MISTAKE = "Where does the loop ask the database again?"
EXERCISE_MISTAKE = "Which attribute, in which property, asks the database again?"
GONE = (
    "The barcode is gone: the page asks for what it shows, whatever its length, in a handful of statements."
)
EXERCISE_GONE = "The barcode is gone: the cards read what the queryset has brought for all of them."

HINTS = (
    "Look at the barcode: which statements are sent again and again, and which expression of the page sends them?",
    "`order.customer` and `order.lines` are loaded when they are read for the first time: that is lazy loading. "
    "Eager loading asks for them together with the orders.",
    "`select(Order).options(...)` takes loaders: `joinedload(Order.customer)` for the one customer, "
    "`selectinload(Order.lines)` for the collection.",
    "`select(Order).options(joinedload(Order.customer), selectinload(Order.lines)).order_by(…).limit(count)`; "
    "nothing else of the page has to change.",
)

EXERCISE_HINTS = (
    "Look at the barcode: three tables are asked for again and again. Which attribute leads to each of them?",
    "A property is a function without brackets. `self.product.supplier`, `self.product.reviews.filter(…)` and "
    "`review.customer` each ask the database, once for each card or each review.",
    "`select_related` brings the supplier. A `.filter()` asks again whatever was prefetched: let "
    '`Prefetch("reviews", queryset=…, to_attr=…)` hold the filtered reviews, and their customers too.',
    '`Prefetch("reviews", queryset=Review.objects.filter(stars__gte=4).select_related("customer")'
    '.order_by("id"), to_attr="good")` in `prefetch_related`, and `self.product.good` in the property.',
)

RECALL = (
    Question(
        "A Django list shows 40 orders and the customer's name of each, without eager loading. Statements?",
        ("2", "41", "80"),
        1,
        "One for the orders, and one more for the customer of each order: 1 + N.",
    ),
    Question(
        "`reviews` was prefetched. The loop calls `product.reviews.filter(stars=5)` for 30 products. Statements?",
        ("2: the products and the reviews", "32: the filter asks again for each product", "31"),
        1,
        "A prefetched relation answers `.all()`; a `.filter()` is a new question. So 2 + N.",
    ),
    Question(
        "Why can SQLAlchemy send fewer statements than Django for the same loop over `order.customer`?",
        (
            "It joins by itself",
            "Its session asks only once for each different customer",
            "It asks in parallel",
        ),
        1,
        "The identity map keeps one object for each row of the session; each different customer is asked once.",
    ),
)

GUESS = Question(
    "A page lists 100 orders by an ORM, and each line shows `order.customer.name`. How many statements may it send?",
    ("1: the ORM joins the customers", "2: the orders, then the customers", "101: one more for each order"),
    2,
    "Unless it is told otherwise, an ORM asks for a related row when it is read: once for each order in a loop.",
)

CLAIMS = (
    Claim(
        name="hundred",
        said="“A hundred objects with one related object each make 101 queries.”",
        truth=PARTLY,
        why="In Django, yes. A session of SQLAlchemy asks once for each different related object, so it "
        "depends on the data: a test with one customer shows two statements.",
        ids=("S3.17",),
    ),
    Claim(
        name="kinds",
        said="“`select_related` is for foreign keys, `prefetch_related` for collections.”",
        truth=PARTLY,
        why="`select_related` joins, so it can follow relations to one only. `prefetch_related` sends one "
        "statement more for each relation, and does so for both kinds; for a foreign key that brings each "
        "related row once.",
        ids=("S3.18", "S3.19"),
    ),
    Claim(
        name="plain",
        said="“The ORM is slow: rewrite the page in plain SQL.”",
        truth=DOES_NOT_HOLD,
        why="What waits is the number of round trips. A loop of plain SQL asks as often as a loop of lazy loads.",
    ),
    Claim(
        name="worth",
        said="“Solving N+1 is among the largest gains that a page over a database can have.”",
        truth=HOLDS,
        why="Here it is one statement for each row less, each with a delay of its own. The gain grows with "
        "the rows and with the distance to the database, and is small for a page of one row.",
        ids=("S3.75",),
    ),
)

EXCUSED = {}
EXERCISE_EXCUSED = {}

SIZES = {"suppliers": 45, "products": 80, "customers": 60, "orders": 120, "lines": 2, "events": 3}
FEW, MANY = 5, 40
ALL_LINES = (
    "A total is over all lines of its order, each counted once and times its quantity, also where lines of "
    "other orders lie between them. "
    "Where lines are joined, what does a limit count?"
)
WITHOUT = {
    "total": "An order without lines is worth 0; in SQL the sum of no rows is NULL.",
    "order": "An order without lines is on the page, too: which kind of join keeps it?",
    SWAPPED: "Where lines are joined, how often does an order come, and an order without lines?",
    COUNT: "Where lines are joined, how often does an order come, and an order without lines?",
}
TIES = "Orders of one time stand by their ids. Who asks for that order?"
LOST = "Is the order of the rows still asked for? Where lines are joined, how often does an order come?"


def check_same_page(order_page, same, database, rng):
    """Whoever asks for a page gets what the merged code gave, whatever the rows and the session hold."""
    world = database_world(database, rng, **SIZES)
    first, *_ = newest(world.rows)
    line = next(row["id"] for row in world.rows.order_lines if row["order_id"] == first["id"])

    def page(count):
        def call(f, w):
            with Session(w.engine) as session:
                return f(session, count)

        return call

    def in_one_session(f, w):
        session = w.__dict__.setdefault("session", Session(w.engine))
        try:
            return f(session, 3)
        finally:
            session.rollback()

    def fails_once(f, w):
        with failing_once(w.engine):
            return page(3)(f, w)

    def a_new_order(f, w):
        with Session(w.engine) as session:
            later = first["placed_at"] + timedelta(hours=1)
            session.add(Order(id=999_999, placed_at=later, status="paid", customer_id=first["customer_id"]))
            return f(session, 3)

    def unsaved(f, w):
        with Session(w.engine) as session:
            customer = session.get(Customer, first["customer_id"])
            customer.name = "Zofia Zephyr"
            shown, kept = f(session, 3), customer in session
            session.rollback()
            (stored,) = w.tables.ask(f"SELECT name FROM customers WHERE id = {first['customer_id']}")
            return {"page": shown, "the customer is in the session": kept, "stored": stored[0]}

    def changed(w):
        w.tables.change("customers", first["customer_id"], name="Zofia Zephyr")
        w.tables.change("order_lines", line, quantity=77)
        later = first["placed_at"] + timedelta(hours=1)
        w.tables.insert("orders", {"placed_at": later, "status": "paid", "customer_id": first["customer_id"]})

    ties, lost = (dict.fromkeys(("order", ORDER, SWAPPED), words) for words in (TIES, LOST))
    theirs = (
        "The session is the caller's: what it holds unsaved is part of the page, and it is neither closed nor "
        "committed. Is everything asked through it, and is it left as it was?"
    )
    situations = (
        Situation(
            "a page of one order is asked for", page(1), why={"total": ALL_LINES, "error": _own_engine}
        ),
        Situation("a page of three orders is asked for", page(3), why={"total": ALL_LINES, **lost}),
        Situation("an order on the page has no lines", page(4), why=WITHOUT),
        Situation("an order has two equal lines", page(5), why={"total": ALL_LINES}),
        Situation("five orders were placed at one time", page(10), why={"total": ALL_LINES, **ties}),
        Situation("a page ends among orders of one time", page(7), why={"total": ALL_LINES, **ties}),
        Situation("no order is asked for", page(0)),
        Situation("more orders are asked for than there are", page(500), truth=_board, why=lost),
        Situation("rows change between two pages of one session", in_one_session, between=changed),
        Situation("a page is asked for again", page(2), again=True),
        Situation("the caller's session holds a change that is not saved yet", unsaved, why=theirs),
        Situation("the caller's session holds an order that is not saved yet", a_new_order, why=theirs),
        Situation(
            "two pages are made at once, each in a session of its own",
            lambda f, w: at_once(lambda: page(3)(f, w), lambda: page(4)(f, w)),
        ),
        *(
            Situation(f"the table `{table}` cannot be read", page(3), lambda w, t=table: w.tables.fail(t))
            for table in ("order_lines", "customers")
        ),
        Situation("the first statement fails, and would not fail again", fails_once),
    )
    same(order_page, world, situations)


def check_statements_do_not_grow(order_page, database, rng):
    """A longer page takes no more statements, and no rows beside its own."""
    database.seed(rng.randrange(1 << 30), shape=edged, **SIZES)

    def page(count):
        engine = database.engine()
        with database.wire() as wire, Session(engine) as session:
            order_page(session, count)
        engine.dispose()
        return wire.seen

    return Pages("order", page(FEW), page(MANY), FEW, MANY).judge(database, each=5, question=MISTAKE)


def interest_how_much_faster(as_merged, order_page):
    """How much faster one page is here."""
    with open_database(19, delay=0.002) as database:
        engine = database.engine()

        def call(page):
            with Session(engine) as session:
                return page(session, 15)

        ratio = compare(lambda: call(as_merged), lambda: call(order_page), repeat=3, most=3)
    return f"Here, your page is {ratio}, for 15 orders with 2 ms for each round trip."


# --- the exercise: lazy loads behind properties, in Django

PRAISE = (
    "Every review with four stars or more is quoted, equal ones too, in the order of their ids, also where "
    "reviews of other products lie between them."
)
IN_STOCK = "Products stand by their stock, and those of one stock by their ids. Who asks for that?"
UNPRAISED = "A product that nobody praises is in the window, too: which kind of join, or of filter, keeps it?"


def check_exercise_same_window(shop_window, same, database, rng):
    """Whoever asks for a window gets what the merged code gave, whatever the rows hold."""
    from django.db import connection

    world = database_world(database, rng, django=True, **SIZES)
    first, *_, last = in_stock(world.rows)[:3]
    review = next(row for row in world.rows.reviews if row["product_id"] == first["id"] and row["stars"] < 4)

    _asks_at_all(shop_window, database)

    def window(count):
        return lambda f, w: f(count)

    def fails_once(f, w):
        with failing_once(connection):
            return f(3)

    def changed(w):
        w.tables.change("suppliers", first["supplier_id"], name="Zephyr & Co")
        w.tables.change("customers", review["customer_id"], name="Zofia Zephyr")
        w.tables.change("reviews", review["id"], stars=5)
        w.tables.insert("reviews", {**_good(last, review["customer_id"]), "text": "New."})

    def praised(w):
        w.tables.insert("reviews", *(_good(last, 1 + number % 60) for number in range(201)))

    order = {**dict.fromkeys(("id", ORDER, SWAPPED), IN_STOCK), "praise": PRAISE}
    unpraised = {**dict.fromkeys(("id", SWAPPED, COUNT), UNPRAISED), "praise": PRAISE}
    situations = (
        Situation("a window of one product is asked for", window(1), why=order | {"error": _looked_up}),
        Situation("a window of three products is asked for", window(3), why=order),
        Situation("products in the window have no praise", window(5), why=unpraised),
        Situation("five products have the same stock", window(10), why=order),
        Situation("a window ends among products of one stock", window(7), why=order),
        Situation("no product is asked for", window(0)),
        Situation("rows change between two windows", window(3), between=changed),
        Situation("a window is asked for again", window(2), again=True),
        Situation(
            "a product has more than 200 good reviews, and more products are asked for than there are",
            window(500),
            praised,
            truth=lambda w: _window(w, 500),
            why=order,
        ),
        *(
            Situation(f"the table `{table}` cannot be read", window(3), lambda w, t=table: w.tables.fail(t))
            for table in ("reviews", "suppliers")
        ),
        Situation("the first statement fails, and would not fail again", fails_once),
    )
    same(shop_window, world, situations)


def check_exercise_statements_do_not_grow(shop_window, database, rng):
    """A longer window takes no more statements, and no rows beside its own."""
    from django.db import connections

    database.seed(rng.randrange(1 << 30), shape=_crowded_behind, **SIZES)
    database.configure_django()

    def window(count):
        connections.close_all()
        with database.wire() as wire:
            shop_window(count)
        return wire.seen

    pages = Pages("product", window(FEW), window(MANY), FEW, MANY)
    return pages.judge(database, each=6, question=EXERCISE_MISTAKE)


def _own_engine(error):
    """Say what is wrong with an engine of one's own."""
    if isinstance(error, NameError) and error.name in ("engine", "database"):
        return "Ask through the session that the page is given: it may hold what is not committed yet."
    return ""


def _board(w):
    """What a page of all orders shows, in one question: the merged code would send one for each of very many."""
    orders = w.tables.ask(
        "SELECT orders.id, name, (SELECT sum(quantity * price_cents) FROM order_lines WHERE order_id = orders.id) "
        "FROM orders JOIN customers ON customers.id = customer_id ORDER BY placed_at DESC, orders.id"
    )
    return [{"order": number, "customer": name, "total": total or 0} for number, name, total in orders]


def _asks_at_all(shop_window, database):
    """See to it that a window is made of rows that are asked for now, not when the cell ran."""
    answered = False
    with database.wire() as wire, suppress(Exception):  # whatever goes wrong is told by the situations
        shop_window(1)
        answered = True
    assert wire.count or not answered, (
        "A window was made without a single statement: its rows were read earlier, when the cell ran. "
        "What has changed since then never shows. When should a queryset be read?"
    )


def _looked_up(error):
    """Say what a missing key may mean."""
    if isinstance(error, KeyError):
        return "Is it looked up in rows that were read earlier, when the cell ran or for another window?"
    return ""


def _good(product, customer):
    return {"product_id": product["id"], "customer_id": customer, "stars": 5, "text": "Very good."}


def _crowded_behind(rows):
    """Let the window of MANY end among products of one stock, and one behind it, not the next, be praised a lot."""
    rows = edged(rows)
    tied = in_stock(rows)[MANY - 2 : MANY + 5]
    for product in tied:
        product["stock"] = tied[0]["stock"]
    crowded, last = in_stock(rows)[MANY + 2], max(row["id"] for row in rows.reviews)
    more = ({"id": last + number, **_good(crowded, 1 + number % 60)} for number in range(300, 0, -1))
    return replace(rows, reviews=(*more, *rows.reviews))


def _window(w, count):
    """What a window shows, in two questions: the merged code would ask once for each of very many reviews."""
    praise = defaultdict(list)
    for product, text, name in w.tables.ask(
        "SELECT product_id, text, name FROM reviews JOIN customers ON customers.id = customer_id "
        "WHERE stars >= 4 ORDER BY reviews.id"
    ):
        praise[product].append(f"{text} ({name})")
    products = w.tables.ask(
        "SELECT products.id, suppliers.name FROM products JOIN suppliers ON suppliers.id = supplier_id "
        f"ORDER BY stock DESC, products.id LIMIT {count}"
    )
    return [{"id": number, "supplier": name, "praise": praise[number]} for number, name in products]
