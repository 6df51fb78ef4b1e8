"""N plus one: an attribute in a loop asks the database again for each row."""

import re
from collections import Counter
from contextlib import contextmanager
from operator import itemgetter

from sqlalchemy import text
from sqlalchemy.orm import Session

from kettle.checking import Question
from kettle.database import open_database
from kettle.probes.ratio import compare

MISTAKE = "Where does the loop ask the database again?"
EXERCISE_MISTAKE = "Which attribute, in which property, asks the database again?"

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
        "A prefetched relation answers .all(); a .filter() is a new question. So 2 + N.",
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

ENOUGH = 6  # statements for a page of any size; a plain fix takes 1 to 4
SIZES = {"suppliers": 70, "products": 280, "customers": 80, "orders": 160}
ORDERS = ("orders", "customers", "order_lines")
WINDOW = ("products", "suppliers", "reviews", "customers")


def check_same_page(order_page, rng):
    """The page shows what it showed before."""
    with open_database(rng.randrange(1 << 30), **SIZES) as database:
        count = rng.randrange(6, 12)
        rows = _copied(database.data)
        engine = database.engine()
        for changed in (False, True):
            with Session(engine) as session:
                page = order_page(session, count)
                _same(page, _board(rows, count), "order", changed)
            if not changed:
                order = max(rows["orders"].values(), key=itemgetter("placed_at"))
                line = next(line for line in rows["order_lines"].values() if line["order_id"] == order["id"])
                _change(engine, rows, "customers", order["customer_id"], "name", "Zofia Zephyr")
                _change(engine, rows, "order_lines", line["id"], "quantity", line["quantity"] + 7)


def check_statements_do_not_grow(order_page, rng, notes):
    """A longer page takes no more statements."""
    with open_database(rng.randrange(1 << 30), **SIZES) as database:

        def page(count):
            engine = database.engine()
            with database.wire() as wire, Session(engine) as session:
                _same(order_page(session, count), _board(_copied(database.data), count), "order")
            engine.dispose()
            return wire.seen

        return _judge(page, database, ORDERS, "order", _sizes(rng), 5, MISTAKE, notes)


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


def check_exercise_same_window(shop_window, rng):
    """The window shows what it showed before."""
    with open_database(rng.randrange(1 << 30), **SIZES) as database, _django(database):
        count = rng.randrange(10, 16)
        rows = _copied(database.data)
        for changed in (False, True):
            _same(shop_window(count), _window(rows, count), "product", changed)
            if not changed:
                engine = database.engine()
                product, *_ = _in_window(rows, count)
                review = next(row for row in rows["reviews"].values() if row["product_id"] == product["id"])
                _change(engine, rows, "suppliers", product["supplier_id"], "name", "Zephyr & Co")
                _change(engine, rows, "reviews", review["id"], "stars", 1 if review["stars"] >= 4 else 5)
                _change(engine, rows, "customers", review["customer_id"], "name", "Zofia Zephyr")


def check_exercise_statements_do_not_grow(shop_window, rng, notes):
    """A longer window takes no more statements."""
    with open_database(rng.randrange(1 << 30), **SIZES) as database:

        def window(count):
            with _django(database), database.wire() as wire:
                _same(shop_window(count), _window(_copied(database.data), count), "product")
            return wire.seen

        return _judge(window, database, WINDOW, "product", _sizes(rng), 6, EXERCISE_MISTAKE, notes)


# --- what the checks share: the answers


def _copied(data):
    return {name: {row["id"]: dict(row) for row in rows} for name, rows in data.tables().items()}


def _change(engine, rows, table, number, column, value):
    rows[table][number][column] = value
    with engine.begin() as connection:
        change = text(f"UPDATE {table} SET {column} = :value WHERE id = :id")
        connection.execute(change, {"value": value, "id": number})


def _board(rows, count):
    totals = Counter()
    for line in rows["order_lines"].values():
        totals[line["order_id"]] += line["quantity"] * line["price_cents"]
    by_id = sorted(rows["orders"].values(), key=itemgetter("id"))
    newest = sorted(by_id, key=itemgetter("placed_at"), reverse=True)[:count]
    return [
        {"order": o["id"], "customer": rows["customers"][o["customer_id"]]["name"], "total": totals[o["id"]]}
        for o in newest
    ]


def _in_window(rows, count):
    return sorted(rows["products"].values(), key=lambda row: (-row["stock"], row["id"]))[:count]


def _window(rows, count):
    praise = {product: [] for product in rows["products"]}
    for review in sorted(rows["reviews"].values(), key=itemgetter("id")):
        if review["stars"] >= 4:
            who = rows["customers"][review["customer_id"]]["name"]
            praise[review["product_id"]].append(f"{review['text']} ({who})")
    return [
        {
            "id": product["id"],
            "supplier": rows["suppliers"][product["supplier_id"]]["name"],
            "praise": praise[product["id"]],
        }
        for product in _in_window(rows, count)
    ]


def _same(page, expected, thing, changed=False):
    """Compare an answer with the rows, and say where they part; `changed`: rows were changed since a page."""
    assert isinstance(page, list), (
        f"The answer is of type {type(page).__name__}, and it was a list of dictionaries."
    )
    assert len(page) == len(expected), (
        f"{len(expected)} {thing}s were asked for and {len(page)} came. "
        "Does a limit or a join count something else than what is shown?"
    )
    key = next(iter(expected[0]))
    for number, (given, wanted) in enumerate(zip(page, expected, strict=True), 1):
        assert isinstance(given, dict), (
            f"Entry {number} is of type {type(given).__name__}, and it was a dictionary."
        )
        missing = [name for name in wanted if name not in given]
        assert not missing, f"Entry {number} has no `{missing[0]}` any more."
        assert given[key] == wanted[key], (
            f"Entry {number} shows {thing} {given[key]}, where {thing} {wanted[key]} belongs. "
            "Is the order of the rows still asked for?"
        )
        for name, value in wanted.items():
            assert given[name] == value or not changed, (
                f"`{name}` of {thing} {wanted[key]} was changed in the database, and the next visit shows "
                f"{given[name]!r}: what is remembered from an earlier visit?"
            )
            assert given[name] == value, (
                f"`{name}` of {thing} {wanted[key]} is {given[name]!r}, and the database has {value!r}."
            )


@contextmanager
def _django(database):
    """Point Django at a database, in this thread, and leave no connection of it behind."""
    from django.db import connections

    database.configure_django()
    try:
        yield
    finally:
        connections.close_all()


# --- what the checks share: the statements


def _sizes(rng):
    return rng.randrange(8, 11), rng.randrange(38, 48)


def _judge(page, database, tables, thing, sizes, each, question, notes):
    """Ask for a short and a long page, and judge by what crossed the wire.

    `each` is how many rows of all tables one thing on the page may take.
    """
    few, many = sizes
    short, long = page(few), page(many)
    growth = long.count - short.count
    if growth > (many - few) / 8:
        raise AssertionError(_why(short, long, sizes, tables, thing, question, database.data))
    assert _questions(short) <= ENOUGH, (
        f"A page of {few} {thing}s takes {short.count} statements, and one of {many} takes {long.count}: "
        f"{_most(short, tables)}. What are they sent for, if not for the {thing}s on the page?"
    )
    for count, seen in ((few, short), (many, long)):
        assert seen.rows <= each * count + 12, _too_many(seen, count, thing, each, database.data)
    assert long.connections <= 3, (
        f"A page of {many} {thing}s opens {long.connections} connections, where one does: "
        "what would 50 visitors take?"
    )
    if growth > 0:
        notes.append(
            f"It grows a little: {short.count} statements for {few} {thing}s, {long.count} for {many}."
        )
    if long.connections > 1:
        notes.append(f"One page opens {long.connections} connections. One would do.")
    return (
        f"{_many(long.count, 'statement')} and {long.rows} rows for {many} {thing}s, "
        f"{_many(short.count, 'statement')} and {short.rows} rows for {few}."
    )


def _many(count, thing):
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _questions(seen):
    """Count statements that ask: a cursor on the server is one, however it is read and closed."""
    return sum(not re.match(r"\s*(FETCH|MOVE|CLOSE)\b", each.sql, re.IGNORECASE) for each in seen.statements)


def _table(sql, tables):
    """Return the table that a statement is first of all about."""
    found = re.search(
        rf'\bFROM\s+\(*\s*(?:SELECT\b.*?\bFROM\s+)?"?({"|".join(tables)})\b', sql, re.IGNORECASE | re.DOTALL
    )
    return found[1].lower() if found else ""


def _most(seen, tables):
    asked = Counter(_table(each.sql, tables) for each in seen.statements)
    table, count = asked.most_common(1)[0]
    return (
        f"{count} of them ask for `{table}`" if table else f"{count} of them name none of the page's tables"
    )


def _why(short, long, sizes, tables, thing, question, data):
    """Explain growing statements by the tables that are asked again."""
    few, many = sizes
    asked = [Counter(_table(each.sql, tables) for each in seen.statements) for seen in (short, long)]
    grown = {t: n for t, n in asked[1].items() if n - asked[0][t] > (many - few) / 8}
    told = f"{long.count} statements for {many} {thing}s, {short.count} for {few}"
    if long.connections > 3:
        return (
            f"{told}, over {long.connections} connections: spread over more connections they are no fewer, "
            "and each connection is one that another visitor cannot have."
        )
    if len(grown) > 1 and not any(_bulk(long, table, many) for table in grown):
        still = "still grow" if len(grown) < len(tables) - 1 else "grow"
        return f"{told}: {_listed(grown, tables)} {still} with the page. {question}"
    if not grown:
        return f"{told}: the number grows with the page. {question}"
    bulk = next((table for table in grown if _bulk(long, table, many)), None)
    if bulk:
        return (
            f"{told}: one statement brought `{bulk}` for the whole page, and then {_singles(long, bulk, tables)} "
            f"more asked for `{bulk}` again. What in the loop does not use what is there?"
        )
    (table, count), *_ = grown.items()
    if count <= _distinct(thing, table, data, many):
        return (
            f"{told}: `{table}` is asked {count} times, once for each different row of it on the page. "
            "Remembering them spares the repeats, and a longer page still has more of them."
        )
    return f"{told}: only `{table}` still grows, with {count} statements. What else does the page read in its loop?"


def _listed(grown, tables):
    named = [table for table in tables if table in grown]
    told = [f"{grown[table]} for `{table}`" for table in named]
    told += [f"{grown[table]} for other things" for table in grown if table not in named]
    return f"{', '.join(told[:-1])} and {told[-1]}"


def _bulk(seen, table, many):
    """Tell whether one statement brought rows of this table for a good part of the page."""
    names = re.compile(rf"\b{table}\b", re.IGNORECASE)
    return any(each.rows > many / 3 and names.search(each.sql) for each in seen.statements)


def _singles(seen, table, tables):
    return sum(_table(each.sql, tables) == table for each in seen.statements) - 1


def _distinct(thing, table, data, many):
    rows = _copied(data)
    if thing == "order" and table == "customers":
        return len({rows["orders"][each["order"]]["customer_id"] for each in _board(rows, many)})
    if thing == "product" and table == "suppliers":
        return len({each["supplier_id"] for each in _in_window(rows, many)})
    return 0


def _too_many(seen, count, thing, each, data):
    told = f"loaded {seen.rows} rows for a page of {count} {thing}s"
    largest = max(seen.statements, key=lambda statement: statement.rows)
    for table, rows in data.tables().items():
        if largest.rows == len(rows) and re.search(rf"\b{table}\b", largest.sql, re.IGNORECASE):
            return (
                f"It {told}: one statement alone brought {largest.rows}, as many as there are `{table}` in all. "
                "Who throws the rest away, and how many will there be next year?"
            )
    return (
        f"It {told}, one statement alone {largest.rows}, where {each * count} are enough for everything shown. "
        "Which rows come over the wire and are not shown, or come more than once?"
    )
