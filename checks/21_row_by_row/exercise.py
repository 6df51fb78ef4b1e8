"""Five thousand parcels: the loop's second half is hidden in a function, and each order is a transaction."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from kettle.checking import Case, Contract, worlds
from kettle.lessons.writes import AllOrNothing, RoundTrips

WHEN = datetime(2026, 11, 23, 9)  # noqa: DTZ001 (the tables hold UTC, without saying so)


def packed(rows):
    """Let all orders be packed."""
    return replace(rows, orders=tuple({**row, "status": "packed"} for row in rows.orders))


def hall(orders):
    """Return the world of a packing hall."""
    return worlds.tables(
        "order_events", "orders", customers=2, orders=orders, lines=0, events=1, shape=packed
    )


def numbers(count):
    """Return a list of orders; the hall has as many."""
    return range(1, count + 1)


def orders(w):
    """Return each order with its history, by its number."""
    found = {
        number: {"status": status, "history": []}
        for number, status in w.tables.ask("SELECT id, status FROM orders")
    }
    for number, when, what in w.tables.ask(
        "SELECT order_id, happened_at, what FROM order_events ORDER BY id"
    ):
        found[number]["history"].append({"happened_at": str(when)[:19], "what": what})
    return found


exercise = Contract(
    "fetched",
    world=hall(24),
    call=lambda fetched, w, *numbers: fetched(w.engine, list(numbers), WHEN),
    observe=orders,
    noun="order",
    why="parts",
    cases={
        "several orders are fetched": Case(16, 2, 5),
        "an order of the list has that status already": Case(
            3, 7, prepare=lambda w: w.tables.change("orders", 7, status="sent")
        ),
        "the list is empty": Case(why="empty"),
    },
    at_once=[(1, 2, 3), (4, 5)],
    again=False,  # an order is fetched once
    fails=["order_events"],
)
exercise.cause(RoundTrips(numbers, noun="order", world=hall(400)))
exercise.cause(AllOrNothing(numbers, lambda _: None, noun="order", world=hall(1100)))


@exercise.faster
@contextmanager
def sixty_orders(database, rng):
    """Open a hall, and fetch sixty orders there."""
    with hall(60).open(database=database, rng=rng)() as w:
        yield lambda fetched: exercise.call(fetched, w, *numbers(60))
