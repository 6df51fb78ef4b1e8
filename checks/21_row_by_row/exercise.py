"""Row by row: each row is a statement, a transaction and a wait of its own."""

from dataclasses import replace
from datetime import datetime

from kettle.checking import words_of
from kettle.checking.equivalence import Situation, at_once
from kettle.checking.equivalence.tables import Tables, put_back
from kettle.checking.others import in_the_middle, others_act, where_free
from kettle.checking.words import many
from kettle.checking.writes import Writes, refusing, watched

from .world import BAD, FAR, FEW, LONG, MANY, WHOLLY

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake

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


def check_same_orders(fetched, same, database, rng):
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


def check_round_trips_do_not_grow(fetched, database, rng):
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


def check_the_desk_goes_on(fetched, database, rng):
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
