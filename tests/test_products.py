"""What is judged of an ORM's loaders: rows that multiply, attributes that nobody loaded, who asks when."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, joinedload, raiseload, selectinload

from kettle.checking.equivalence import Told
from kettle.checking.equivalence.between_statements import after_first_statement, both_ask_first, failing_once
from kettle.checking.products import BY_ITSELF, Sums
from kettle.checking.unloaded import not_loaded, read_out, whole
from kettle.database import open_database
from kettle.database.models import Order

SIZES = {"orders": 60, "customers": 60, "lines": 5, "events": 4}


@pytest.fixture(scope="module")
def database():
    with open_database(20, server=False, **SIZES) as opened:
        yield opened


def orders_of(database, count, *loading):
    query = select(Order).options(*loading).order_by(Order.id).limit(count)
    with Session(database.engine()) as session:
        return list(session.scalars(query).unique())


def judged(database, *loading, count=lambda count: count):
    """Judge the pages of five orders and of forty that are loaded so."""
    seen = []
    for number in (5, 40):
        with database.wire() as wire:
            orders_of(database, count(number), *loading)
        seen.append(wire.seen)
    return Sums(database, "order", lambda n: database.data.orders[:n], 5, 40).judge(*seen, "Why?")


def test_collections_by_themselves_are_a_sum(database):
    told = judged(database, selectinload(Order.lines), selectinload(Order.events))
    assert told == "3 statements and 400 rows for 40 orders, 3 statements and 50 rows for 5."


def test_one_collection_joined_is_a_sum(database):
    assert "2 statements" in judged(database, joinedload(Order.lines), selectinload(Order.events))


def test_two_collections_joined_are_told_apart_as_a_product(database):
    with pytest.raises(AssertionError) as told:
        judged(database, joinedload(Order.lines), joinedload(Order.events))
    said = "100 rows in one statement for 5 orders with 25 order lines and 20 events: it joins both, so each"
    assert str(told.value) == f"{said} line comes once for each event of its order. {BY_ITSELF}"


def test_rows_of_others_are_found(database):
    with pytest.raises(AssertionError, match="Who throws the rest away"):
        judged(database, selectinload(Order.lines), selectinload(Order.events), count=lambda count: 60)


def entry(order):
    return [order.id, len(order.lines), len(order.events)]


def test_what_is_loaded_can_be_read_without_a_session(database):
    orders = orders_of(database, 2, selectinload(Order.lines), selectinload(Order.events))
    assert read_out(entry, orders, Order) == [[1, 5, 4], [2, 5, 4]]


@pytest.mark.parametrize("loading", [(), (raiseload("*"),)])
def test_what_nobody_loaded_is_named(database, loading):
    orders = orders_of(database, 2, selectinload(Order.lines), *loading)
    with pytest.raises(Told, match="`events` was not loaded when the function returned"):
        read_out(entry, orders, Order)


def test_other_things_than_objects_are_named():
    with pytest.raises(Told, match="the list holds a dict, and whoever asked relies on `Order` objects"):
        read_out(entry, [{"id": 1}], Order)
    assert read_out(entry, (), Order) == ()


def test_a_list_that_lacks_something_is_told():
    whole("order 7", {"lines": [1, 2]}, {"lines": 2})
    with pytest.raises(Told, match="order 7 stands there with 1 of its 2 `lines`"):
        whole("order 7", {"lines": [1]}, {"lines": 2})


def test_a_missing_greenlet_is_explained(database):
    async def read():
        engine = database.async_engine()
        try:
            async with AsyncSession(engine) as session:
                order = (await session.scalars(select(Order).limit(1))).one()
                return order.lines
        finally:
            await engine.dispose()

    with pytest.raises(Exception, match="greenlet") as raised:
        asyncio.run(read())
    assert "nobody has loaded, outside of any `await`" in not_loaded(raised.value)
    assert not_loaded(ValueError("no")) == ""


def test_a_relation_that_raises_is_named(database):
    with Session(database.engine()) as session:
        order = session.scalars(select(Order).options(raiseload("*")).limit(1)).one()
        with pytest.raises(Exception, match="raise") as raised:
            order.lines  # noqa: B018
    assert not_loaded(raised.value) == "`lines` was read and not loaded. Which loader brings it?"


def test_something_happens_after_the_first_statement_and_once(database):
    engine, happened = database.engine(), []
    with after_first_statement(engine, lambda: happened.append(1)), Session(engine) as session:
        assert happened == []
        session.scalar(select(Order.id).limit(1))
        assert happened == [1]
        session.scalar(select(Order.id).limit(1))
    with Session(engine) as session:
        session.scalar(select(Order.id).limit(1))
    assert happened == [1]


def test_the_first_statement_fails_and_no_other_one(database):
    from django.db import OperationalError as TheirError
    from django.db import connection

    engine = database.engine()
    models = database.configure_django()
    with failing_once(engine), Session(engine) as session:
        with pytest.raises(OperationalError, match="connection lost"):
            session.scalar(select(Order.id).limit(1))
        session.rollback()
        assert session.scalar(select(Order.id).limit(1))
    with failing_once(connection):
        with pytest.raises(TheirError, match="connection lost"):
            models.Order.objects.exists()
        assert models.Order.objects.exists()
    with pytest.raises(LookupError), failing_once(engine):
        pass  # whoever asks past it is not refused for an answer


async def asks(engine, lock=None):
    async with AsyncSession(engine) as session:
        if lock is None:
            return await session.scalar(select(Order.id).order_by(Order.id).limit(1))
        async with lock:
            return await session.scalar(select(Order.id).order_by(Order.id).limit(1))


def two(database, lock=None):
    async def both():
        engine = database.async_engine()
        try:
            with both_ask_first(engine):
                return await asyncio.gather(asks(engine, lock), asks(engine, lock))
        finally:
            await engine.dispose()

    return asyncio.run(both())


def test_two_that_ask_beside_each_other_meet(database):
    assert two(database) == [1, 1]


def test_one_that_waits_for_the_other_is_found(database, monkeypatch):
    monkeypatch.setattr("kettle.checking.equivalence.between_statements.PATIENCE", 0.2)
    with pytest.raises(Told, match="asks nothing until the first one is done"):
        two(database, asyncio.Lock())
