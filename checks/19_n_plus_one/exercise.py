"""The shop window: properties of a class ask the database again for each card."""

from contextlib import contextmanager

from kettle.checking import Case, Contract, causes, worlds
from kettle.checking.equivalence.rows import in_stock

from .world import SIZES


def changed(w):
    """Let names and a review change, and a good review arrive."""
    first, _, third = in_stock(w.rows)[:3]
    review = next(row for row in w.rows.reviews if row["product_id"] == first["id"] and row["stars"] < 4)
    w.tables.change("suppliers", first["supplier_id"], name="Zephyr & Co")
    w.tables.change("customers", review["customer_id"], name="Zofia Zephyr")
    w.tables.change("reviews", review["id"], stars=5)
    about = {"product_id": third["id"], "customer_id": review["customer_id"]}
    w.tables.insert("reviews", {**about, "stars": 5, "text": "New."})


exercise = Contract(
    "shop_window",
    world=worlds.rows(django=True, **SIZES),
    call=lambda window, w, count: window(count),
    why="cards",
    cases={
        "a window of one product is asked for": Case(1),
        "products in the window have no praise": Case(5),
        "a window ends among products of the same stock": Case(7),
        "rows change between two windows": Case(3, between=changed, why="kept"),
    },
    fails=["reviews", "suppliers"],
)
exercise.cause(causes.Statements("product", lambda rows, count: 6 * count))


@exercise.faster
@contextmanager
def one_window(database):
    """Ask for ten products, behind a network of two milliseconds."""
    database.seed(19, **SIZES)
    database.configure_django()
    database.set_delay(0.002)
    yield lambda window: window(10)
