"""N plus one: an attribute in a loop asks the database again for each row."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace

from kettle.checking import words_of
from kettle.checking.causes.statements import Pages
from kettle.checking.equivalence import Situation, database_world
from kettle.checking.equivalence.between_statements import failing_once
from kettle.checking.equivalence.difference import COUNT, ORDER, SWAPPED
from kettle.checking.equivalence.rows import edged, in_stock

from .world import FEW, MANY, SIZES

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake

PRAISE = (
    "Every review with four stars or more is quoted, equal ones too, in the order of their ids, also where "
    "reviews of other products lie between them."
)


IN_STOCK = "Products stand by their stock, and those of one stock by their ids. Who asks for that?"


UNPRAISED = "A product that nobody praises is in the window, too: which kind of join, or of filter, keeps it?"


def check_same_window(shop_window, same, database, rng):
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


def check_statements_do_not_grow(shop_window, database, rng):
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
