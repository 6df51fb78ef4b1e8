"""Situations for a service that lives: each finds the mistake that it is there for."""

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from functools import partial

import aiohttp
import pytest

from kettle.checking.causes.lives import (
    after_a_failure,
    ends_clean,
    in_one_life,
    lives,
    service_world,
    some,
    while_it_lives,
)
from kettle.checking.causes.serving import serving
from kettle.checking.equivalence import Equivalence, Situation, shop_world
from kettle.shop import Shop


class App:
    def __init__(self, url):
        self.url = url


def app(w, other):
    if not other:
        return App(w.url), w.traffic
    shop = w.stack.enter_context(Shop(1))
    return App(shop.url), w.stack.enter_context(shop.traffic())


@asynccontextmanager
async def no_life(app):
    yield


async def session_each(app, country):
    async with aiohttp.ClientSession(app.url) as session, session.get(f"/tax/{country}") as response:
        response.raise_for_status()
        return await response.json()


@asynccontextmanager
async def one_session(app):
    async with aiohttp.ClientSession(app.url) as app.session:
        yield


async def shared(app, country):
    async with app.session.get(f"/tax/{country}") as response:
        response.raise_for_status()
        return await response.json()


def told(lifespan, ask, situations=None):
    """Return what an answer is told of these situations, "" where it is right."""
    rng = random.Random(18)
    equivalence = Equivalence({"ask": ask, "lifespan": lifespan}, {"ask": session_each, "lifespan": no_life})
    world = service_world(shop_world(rng, latency=0.0, watched=True), app)

    async def main():
        await equivalence(ask, world, situations or lives("DE", crowd=8, why={}))

    try:
        asyncio.run(main())
    except AssertionError as error:
        return str(error)
    return ""


def test_a_session_for_the_life_of_an_app_is_right():
    assert told(one_session, shared) == ""


def test_a_session_of_all_apps_is_found():
    kept = []

    @asynccontextmanager
    async def global_session(app):
        async with aiohttp.ClientSession(app.url) as session:
            kept.append(session)
            yield

    async def ask(app, country):
        async with kept[-1].get(f"/tax/{country}") as response:
            return await response.json()

    assert "two apps live at once" in told(global_session, ask)
    assert "what do they share?" in told(global_session, ask)


def test_a_lock_of_all_loops_is_found():
    gate = asyncio.Semaphore(4)

    async def ask(app, country):
        async with gate:
            return await shared(app, country)

    assert "each in an event loop of its own" in told(one_session, ask)


def test_a_lifespan_that_keeps_an_exception_is_found():
    @asynccontextmanager
    async def keeps(app):
        async with one_session(app):
            try:
                yield
            except Exception as error:  # noqa: BLE001 - that is the mistake
                app.ended_by = error

    assert "does not come out of `lifespan`" in told(keeps, shared)


def test_a_life_goes_on_to_the_next_call_where_it_has_to():
    begun = []

    @asynccontextmanager
    async def counted(app):
        begun.append(app)
        async with one_session(app):
            yield

    between = {"between": lambda w: None}
    assert told(counted, shared, [Situation("it lives", while_it_lives("DE", "FR"), **between)]) == ""
    assert len(begun) == 1
    assert told(counted, shared, [Situation("it ends", in_one_life("DE"), **between)]) == ""
    assert len(begun) == 3


def test_what_a_failure_keeps_is_found(monkeypatch):
    monkeypatch.setattr("kettle.checking.causes.lives.IN_VAIN", 0.1)

    @asynccontextmanager
    async def gate(app):
        app.places = asyncio.Semaphore(2)
        async with one_session(app):
            yield

    async def ask(app, country):
        await app.places.acquire()
        answer = await shared(app, country)
        app.places.release()
        return answer

    for times in (2, 3):
        many = Situation("many fail", after_a_failure("XX", "DE", times))
        assert "not give back" in told(gate, ask, [many])
        assert told(one_session, shared, [many]) == ""


def test_a_lifespan_that_keeps_its_cancellation_is_found():
    @asynccontextmanager
    async def keeps(app):
        async with one_session(app):
            with suppress(asyncio.CancelledError):
                yield

    assert "the CancelledError does not come out of `lifespan`" in told(keeps, shared)


def test_what_an_app_leaves_to_the_next_one_while_it_ends_is_found():
    kept = {}

    @asynccontextmanager
    async def lingers(app):
        if app.url not in kept:
            kept[app.url] = aiohttp.ClientSession(app.url), []
        app.session, users = kept[app.url]
        users.append(app)
        yield
        users.remove(app)
        if not users:
            await app.session.close()
            await asyncio.sleep(0.01)
            kept.pop(app.url, None)

    assert "an app starts while another one with its server ends" in told(lingers, shared)


left_open = []  # the test closes them, so that they are not collected with a complaint


def left_session(app):
    left_open.append(aiohttp.ClientSession(app.url))
    return left_open[-1]


@asynccontextmanager
async def never_closed(app):
    app.session = left_session(app)
    yield


@asynccontextmanager
async def closed_without_finally(app):
    app.session = left_session(app)
    yield
    await app.session.close()


@asynccontextmanager
async def closed_by_exceptions_only(app):
    app.session = left_session(app)
    try:
        yield
    except Exception:
        await app.session.close()
        raise
    else:
        await app.session.close()


@pytest.mark.parametrize(
    ("lifespan", "says"),
    [
        (one_session, ""),
        (closed_by_exceptions_only, "was cancelled, 3 connections"),
        (never_closed, "the service has ended, 3 connections"),
        (closed_without_finally, "was ended by an exception, 3 connections"),
    ],
)
def test_what_stays_open_is_found(lifespan, says):
    async def main():
        with Shop() as shop:
            shop.set("tax", latency=0.01)
            serve = partial(serving, lifespan, shared)
            try:
                await ends_clean(serve, partial(App, shop.url), partial(some, ["DE", "FR", "ES"]))
            finally:
                while left_open:
                    await left_open.pop().close()

    if not says:
        asyncio.run(main())
        return
    with pytest.raises(AssertionError, match=says):
        asyncio.run(main())
