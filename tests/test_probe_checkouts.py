"""Checkouts: what a pool lends out, how long, and what the database does for it meanwhile."""

import asyncio

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from kettle.checking.lending import all_back, held_at, lends_at_once
from kettle.checking.stopped import one_stopped
from kettle.database import open_database
from kettle.database.models import Order
from kettle.probes.checkouts import watch_checkouts
from kettle.shop import Shop


@pytest.fixture(scope="module", params=["PostgreSQL 18", "SQLite"])
def database(request):
    with open_database(4, orders=10, server=request.param != "SQLite") as opened:
        assert opened.kind == request.param, opened.says
        yield opened


def test_a_loan_begins_with_the_first_statement_and_ends_with_the_transaction(database):
    engine = database.engine()
    with watch_checkouts(engine) as lent, Session(engine) as session:
        assert lent.now == 0
        session.scalars(select(Order.id)).all()
        assert (lent.now, lent.waits_along, lent.opened) == (1, 1, 1)
        session.commit()
        assert lent.now == 0
        session.scalars(select(Order.id)).all()
    assert [loan.connection for loan in lent.loans] == [0, 0]
    assert all(loan.ended > loan.began and loan.work for loan in lent.loans)
    assert 0 < lent.worked <= 1
    assert lent.loans[0].where.startswith("test_probe_checkouts:")
    engine.dispose()


def test_a_connection_at_work_does_not_wait_along(database):
    async def look():
        engine, seen = database.async_engine(), []
        with watch_checkouts(engine) as lent:
            from sqlalchemy import event

            event.listen(
                engine.sync_engine, "before_cursor_execute", lambda *_: seen.append(lent.waits_along)
            )
            async with AsyncSession(engine) as session:
                await session.execute(text("SELECT 1"))
                assert lent.waits_along == 1
        await engine.dispose()
        return seen, lent

    seen, lent = asyncio.run(look())
    assert seen == [0]
    assert lent.most == 1


def test_a_broken_connection_counts_as_back(database):
    if database.kind == "SQLite":
        pytest.skip("nobody drops connections to a file")
    engine = database.engine()
    with watch_checkouts(engine) as lent:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            assert database.drop_connections() == 1
            with pytest.raises(DBAPIError):
                connection.execute(text("SELECT 1"))
        assert lent.now == 0
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
        assert lent.opened == 2
    engine.dispose()


def test_listeners_are_gone_afterwards(database):
    engine = database.engine()
    with watch_checkouts(engine) as lent:
        pass
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert lent.loans == []
    assert lent.opened == 0
    engine.dispose()


# ---- what a check asks of a pool


@pytest.mark.parametrize(
    ("options", "lends"),
    [
        ({"pool_size": 3, "max_overflow": 0}, 3),
        ({"pool_size": 2, "max_overflow": 2}, 4),
        ({"pool_size": 3, "max_overflow": 0, "pool_pre_ping": True}, 3),
        ({"pool_size": 0}, 6),
        ({"max_overflow": -1}, 6),
        ({"poolclass": NullPool}, 6),
    ],
)
def test_how_many_are_lent_at_once_is_told_without_a_clock(database, options, lends):
    assert asyncio.run(lends_at_once(database.async_engine(**options), 6)) == lends


def test_calls_are_held_while_one_looks_and_let_go_afterwards():
    async def look():
        with Shop(3) as shop:

            def ask(api):
                return [fetch(api) for _ in range(3)]

            async def fetch(api):
                async with api.get("/tax/DE") as response:
                    return response.status

            async with held_at(shop, "tax", ask, 3, 2.0) as (there, tasks):
                held = [task.done() for task in tasks]
            async with held_at(shop, "tax", ask, 4, 1.0) as (too_few, others):
                pass
            return there, held, [task.result() for task in tasks], too_few, [o.cancelled() for o in others]

    there, held, answers, too_few, cancelled = asyncio.run(look())
    assert (there, held, answers) == (3, [False] * 3, [200] * 3)
    assert (too_few, cancelled) == (3, [True] * 3)


def test_what_does_not_come_back_is_found(database):
    async def look():
        engine = database.async_engine(pool_size=2)
        with watch_checkouts(engine) as lent:
            connection = await engine.connect()
            out = await all_back(lent, 0.05)
            asyncio.get_running_loop().call_later(0.05, lambda: asyncio.ensure_future(connection.close()))
            back = await all_back(lent)
        await engine.dispose()
        return out, back

    assert asyncio.run(look()) == (False, True)


def test_one_of_two_is_stopped_while_it_asks_and_the_other_goes_on(database):
    async def look(stray):
        engine = database.async_engine(pool_size=2)

        async def statement():
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))

        async def ask(api):
            async with api.get("/tax/DE"):
                pass
            await (asyncio.shield(statement()) if stray else statement())

        await statement()
        with Shop(3) as shop, watch_checkouts(engine) as lent:
            async with one_stopped(shop, engine, lambda api: [ask(api), ask(api)], 2.0) as (stopped, others):
                seen = [
                    stopped.cancelled(),
                    [other.exception() for other in others],
                    await all_back(lent, 0.05),
                ]
            assert await all_back(lent)
        await engine.dispose()
        return seen

    assert asyncio.run(look(stray=False)) == [True, [None], True]
    assert asyncio.run(look(stray=True)) == [True, [None], False]


def test_who_asks_nothing_is_not_stopped(database):
    async def look():
        async def ask(api):
            async with api.get("/tax/DE") as response:
                return response.status

        engine = database.async_engine()
        with Shop(3) as shop:
            async with one_stopped(shop, engine, lambda api: [ask(api), ask(api)], 2.0) as (stopped, others):
                return stopped, [other.result() for other in others]

    assert asyncio.run(look()) == (None, [200, 200])
