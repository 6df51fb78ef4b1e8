"""Objects are read as a template reads them; a missing attribute is named; two that ask at once meet."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, raiseload, selectinload

from kettle.checking.checks import load_module
from kettle.checking.equivalence import Told
from kettle.database import open_database
from kettle.database.models import Order

world = load_module(Path(__file__).parent, "world")
SIZES = {"orders": 60, "customers": 60, "lines": 5, "events": 4}


@pytest.fixture(scope="module")
def database():
    with open_database(20, server=False, **SIZES) as opened:
        yield opened


def orders_of(database, count, *loading):
    query = select(Order).options(*loading).order_by(Order.id).limit(count)
    with Session(database.engine()) as session:
        return list(session.scalars(query).unique())


def entry(order):
    return [order.id, len(order.lines), len(order.events)]


def test_what_is_loaded_can_be_read_without_a_session(database):
    orders = orders_of(database, 2, selectinload(Order.lines), selectinload(Order.events))
    assert world.read_out(entry, orders, Order) == [[1, 5, 4], [2, 5, 4]]


@pytest.mark.parametrize("loading", [(), (raiseload("*"),)])
def test_what_is_not_loaded_is_named(database, loading):
    orders = orders_of(database, 2, selectinload(Order.lines), *loading)
    with pytest.raises(Told, match="`events` was not loaded when the function returned"):
        world.read_out(entry, orders, Order)


def test_other_things_than_objects_are_named():
    with pytest.raises(Told, match="expected a list of `Order` objects, got a dict in it"):
        world.read_out(entry, [{"id": 1}], Order)
    assert world.read_out(entry, (), Order) == ()


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
    assert "An attribute was read that was not loaded." in world.not_loaded(raised.value)
    assert world.not_loaded(ValueError("no")) == ""


def test_a_relation_that_raises_is_named(database):
    with Session(database.engine()) as session:
        order = session.scalars(select(Order).options(raiseload("*")).limit(1)).one()
        with pytest.raises(Exception, match="raise") as raised:
            order.lines  # noqa: B018
    assert (
        world.not_loaded(raised.value)
        == "`lines` was read, but not loaded. Load it eagerly, with the customers."
    )


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
            with world.both_ask_first(engine):
                return await asyncio.gather(asks(engine, lock), asks(engine, lock))
        finally:
            await engine.dispose()

    return asyncio.run(both())


def test_two_that_ask_beside_each_other_meet(database):
    assert two(database) == [1, 1]


def test_one_that_waits_for_the_other_is_found(database, monkeypatch):
    monkeypatch.setattr(world, "PATIENCE", 0.2)
    with pytest.raises(Told, match="asks nothing until the first one is done"):
        two(database, asyncio.Lock())
