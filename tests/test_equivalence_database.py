"""Situations over a database: rows change and are put back, tables fail, edges lie where they are said."""

import asyncio
import contextlib
import random
from itertools import groupby
from operator import itemgetter

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kettle.checking.causes.statements import Statements, table_of
from kettle.checking.equivalence import Equivalence, Situation, at_once, database_world
from kettle.checking.equivalence.rows import TIE, edged, in_stock, newest
from kettle.checking.equivalence.tables import Tables
from kettle.database import open_database
from kettle.database.models import Customer, Order, Review

SIZES = {"orders": 14, "products": 14, "customers": 6, "suppliers": 4, "lines": 2}


@pytest.fixture(scope="module", params=[True, False], ids=["postgresql", "sqlite"])
def database(request):
    with open_database(3, server=request.param) as opened:
        yield opened


def world_of(database, **options):
    return database_world(database, random.Random(7), **SIZES, **options)


def names(f, w):
    with Session(w.engine) as session:
        return f(session)


def all_names(session):
    return list(session.scalars(select(Customer.name).order_by(Customer.id)))


def told(answer, *situations, world):
    try:
        Equivalence({"f": answer}, {"f": all_names})(answer, world, situations)
    except AssertionError as error:
        return str(error)
    return None


def renamed(w):
    w.tables.change("customers", 2, name="Zofia Zephyr")


def test_a_row_that_changes_between_two_calls_shows_what_is_kept(database):
    kept = []

    def answer(session):
        kept[:] = kept or all_names(session)
        return list(kept)

    changes = Situation("a customer changes the name", names, between=renamed)
    assert "Do not keep it" in told(answer, changes, world=world_of(database))
    assert told(all_names, changes, changes, world=world_of(database)) is None


def test_a_table_that_fails_shows_what_is_swallowed(database):
    def answer(session):
        try:
            return all_names(session)
        except DBAPIError:
            return []

    fails = Situation("the customers cannot be read", names, lambda w: w.tables.fail("customers"))
    assert "your code returns []" in told(answer, fails, world=world_of(database))
    assert told(all_names, fails, Situation("they can", names), world=world_of(database)) is None


def rows_of(database):
    tables = Tables(database)
    return [sorted(tables.ask(f"SELECT * FROM {name}")) for name in ("customers", "reviews")]


def test_whatever_changed_is_put_back_as_it_was(database):
    database.seed(5, **SIZES)
    before, tables = rows_of(database), Tables(database)
    tables.change("customers", 1, name="Nobody")
    tables.change("customers", 1, name="Somebody", email="s@example.org")
    review = {"product_id": 1, "customer_id": 1, "stars": 5, "text": "New."}
    tables.insert("reviews", review, review)
    tables.fail("customers")
    tables.put_back()
    assert rows_of(database) == before


def test_rows_that_are_put_in_have_the_same_ids_each_time(database):
    ids, tables = [], Tables(database)
    for _ in range(2):
        tables.insert("reviews", {"product_id": 1, "customer_id": 1, "stars": 5, "text": "New."})
        ids.append(tables.ask("SELECT max(id) FROM reviews")[0][0])
        tables.put_back()
    assert ids[0] == ids[1]


def test_a_transaction_that_is_left_open_does_not_make_a_change_wait(database):
    world = world_of(database)
    left = []

    def leaves_it_open(session):
        left.append(Session(session.get_bind()))
        left[-1].scalars(select(Customer.name)).all()
        return all_names(session)

    calls = [
        Situation("they can be read", names),
        Situation("then not", names, lambda w: w.tables.fail("customers")),
    ]
    assert told(leaves_it_open, *calls, world=world) is None
    for session in left:
        with contextlib.suppress(DBAPIError):  # its connection was ended, since it stood in the way
            session.close()


def test_rows_that_the_compared_code_writes_are_put_back_where_asked_for(database):
    def clears(session):
        found = all_names(session)
        session.execute(delete(Review))
        session.commit()
        return found

    def reviews(session):
        return session.scalar(select(func.count()).select_from(Review))

    world = world_of(database, writes=True)
    Equivalence({"f": clears}, {"f": clears})(clears, world, [Situation("reviews are cleared", names)])
    counted = Situation("they are counted", names)
    Equivalence({"f": reviews}, {"f": lambda session: len(world.rows.reviews)})(reviews, world, [counted])


def test_calls_at_once_have_connections_of_their_own():
    with open_database(3) as database:
        world = world_of(database)

        def waits(session):
            number = session.scalar(text("SELECT pg_backend_pid()"))
            return number if "PostgreSQL" in database.kind else id(session)

        async def two():
            async with world() as w:
                return at_once(lambda: names(waits, w), lambda: names(waits, w))

        assert len(set(asyncio.run(two()))) == 2


def test_a_failure_of_a_call_at_once_is_raised():
    def fails():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        at_once(fails, lambda: 1)


# --- the edges


def apart(numbers, number):
    """Tell whether another number stands between two that are this one."""
    return sum(each == number for each, _ in groupby(numbers)) > 1


def test_edges_lie_where_they_are_said_to_be(database):
    for seed in range(20):
        rows = database.seed(seed, shape=edged, **SIZES)
        orders, products = newest(rows), in_stock(rows)
        lines = [[row for row in rows.order_lines if row["order_id"] == order["id"]] for order in orders]
        assert [len(each) for each in lines[:5]] == [2, 2, 2, 0, 2]
        one, two = lines[4]
        assert one["quantity"] * one["price_cents"] == two["quantity"] * two["price_cents"]
        of_lines = [row["order_id"] for row in sorted(rows.order_lines, key=itemgetter("id"))]
        assert all(apart(of_lines, orders[place]["id"]) for place in (0, 5))
        assert len({order["placed_at"] for order in orders[TIE]}) == 1
        assert len({product["stock"] for product in products[TIE]}) == 1
        for first in ([row["id"] for row in orders[:3]], [row["id"] for row in products[:3]]):
            assert first not in (sorted(first), sorted(first, reverse=True))
        names_by_id = {row["id"]: row["name"] for row in rows.customers}
        customers = [order["customer_id"] for order in orders]
        assert customers[0] == customers[5]
        assert customers[0] != customers[1]
        assert names_by_id[customers[0]] == names_by_id[customers[1]]
        said = [[row for row in rows.reviews if row["product_id"] == product["id"]] for product in products]
        assert {row["stars"] >= 4 for row in said[0]} == {True, False}
        assert [any(row["stars"] >= 4 for row in each) for each in said[3:5]] == [False, False]
        assert said[3]
        assert not said[4]
        tied, beside = (product["id"] for product in products[TIE][1:3])
        good = [row["product_id"] for row in sorted(rows.reviews, key=itemgetter("id")) if row["stars"] >= 4]
        assert apart([number for number in good if number in (tied, beside)], tied)


def test_the_database_has_the_rows_in_another_order_than_their_ids():
    with open_database(3, shape=edged, **SIZES) as database, Session(database.engine()) as session:
        ids = list(session.scalars(select(Order.id)))
        assert sorted(ids) == list(range(1, 15))
        assert database.kind == "SQLite" or ids != sorted(ids)


# --- statements that grow


def judged(database, page):
    engine = database.engine()

    def seen(count):
        with database.wire() as wire, Session(engine) as session:
            page(session, count)
        return wire.seen

    with pytest.raises(AssertionError) as told:
        Statements("order", lambda rows, count: 3 * count, 5, 12).judge(seen(5), seen(12), database.data)
    return str(told.value)


def test_statements_that_grow_are_told_by_their_table(database):
    database.seed(5, **{**SIZES, "customers": 14})

    def lazy(session, count):
        return [order.customer.name for order in session.scalars(select(Order).limit(count))]

    assert "only `customers` still grows, with 12 statements" in judged(database, lazy)


def test_pages_by_some_at_a_time_are_told_so(database):
    def batches(session, count):
        for start in range(0, count, 3):
            session.scalars(select(Customer).where(Customer.id.in_(range(start, start + 3)))).all()

    assert "for some orders at a time" in judged(database, batches)


def test_rows_that_nobody_shows_are_told_by_their_table(database):
    def whole(session, count):
        session.scalars(select(Review)).all()

    assert "all `reviews` of the shop" in judged(database, whole)


def test_a_statement_is_about_the_table_that_it_reads_first():
    class Sent:
        sql = 'SELECT o.id FROM (SELECT id FROM "orders" LIMIT 3) AS o LEFT JOIN order_lines ON true'

    assert table_of(Sent) == "orders"
