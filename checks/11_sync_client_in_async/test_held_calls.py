"""hold_calls and explain: what overlaps at the shop, whether the loop lives meanwhile, and what holds it."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from kettle.checking.checks import load_checks
from kettle.lessons.held_calls import HeldCalls, Why, blame, explain, hold_calls, waited, why_not
from kettle.probes.engines.blocking import BlockingCall
from kettle.shop import Shop

PATIENCE = 0.7
HERE = Path(__file__).parent
say = load_checks(HERE, "lesson").lesson.say


@pytest.fixture(scope="module")
def shop():
    with Shop(seed=3) as shop:
        shop.set("stock", latency=0.03)
        yield shop


def fetch(shop, supplier):
    return requests.get(f"{shop.url}/suppliers/{supplier}/stock").json()["supplier"]


async def on_the_loop(shop):
    async def one(supplier):
        return fetch(shop, supplier)

    return await asyncio.gather(*map(one, (1, 2, 3)))


async def in_threads(shop):
    return await asyncio.gather(*(asyncio.to_thread(fetch, shop, n) for n in (1, 2, 3)))


async def in_one_thread(shop):
    return await asyncio.to_thread(lambda: [fetch(shop, n) for n in (1, 2, 3)])


async def in_a_pool_on_the_loop(shop):
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda n: fetch(shop, n), (1, 2, 3)))


@pytest.mark.parametrize(
    ("way", "met", "together", "lived"),
    [
        (on_the_loop, False, 1, False),
        (in_threads, True, 3, True),
        (in_one_thread, False, 1, True),
        (in_a_pool_on_the_loop, False, 3, False),
    ],
)
def test_overlap_and_life_are_told_apart(shop, way, met, together, lived):
    patience = 30 if met else PATIENCE  # paid by those that do not meet
    held = asyncio.run(hold_calls(lambda: way(shop), shop, "stock", 3, patience=patience))
    assert (held.met, held.together, held.value) == (met, together, [1, 2, 3])
    if not met:
        assert held.lived == lived


def test_the_loops_own_call_cannot_be_sent_by_others(shop):
    async def pretends():
        with ThreadPoolExecutor(4) as pool:
            taxes = pool.submit(requests.get, f"{shop.url}/tax/DE")
            return list(pool.map(lambda n: fetch(shop, n), (1, 2, 3))), taxes.result().status_code

    held = asyncio.run(hold_calls(pretends, shop, "stock", 3, patience=30))
    assert (held.value, held.together) == (([1, 2, 3], 200), 3)
    assert not held.met
    assert not held.lived


def test_what_must_be_done_meanwhile_is_done_before_the_calls_are_let_go(shop):
    done = []

    async def meanwhile():
        done.append(shop)

    held = asyncio.run(
        hold_calls(lambda: in_threads(shop), shop, "stock", 2, meanwhile=meanwhile, patience=30)
    )
    assert held.met
    assert done


def test_what_is_raised_is_told(shop):
    async def fails():
        raise ValueError("no stock")

    held = asyncio.run(hold_calls(fails, shop, "stock", 2, patience=PATIENCE))
    assert isinstance(held.error, ValueError)
    assert (held.met, held.together) == (False, 0)


def test_the_line_that_waits_on_the_loop_is_named(shop):
    why = asyncio.run(explain(lambda: on_the_loop(shop)))
    assert why.call.startswith("socket.")
    assert "requests.get(" in why.source
    assert (why.function, why.task, why.jobs) == ("fetch", "one", 0)


def test_work_in_threads_is_counted_and_blames_no_line(shop):
    why = asyncio.run(explain(lambda: in_threads(shop)))
    assert why == Why(jobs=3)


def test_a_pool_that_is_left_on_the_loop_is_told_as_what_it_is(shop):
    async def leaves():
        with ThreadPoolExecutor(1) as pool:
            for _ in range(9):  # longer than a busy machine keeps the loop's thread waiting
                pool.submit(fetch, shop, 1)

    why = asyncio.run(explain(leaves))
    assert why.call == "ThreadPoolExecutor.shutdown"
    assert why.source == "with ThreadPoolExecutor(1) as pool:"


def test_turns_given_to_the_loop_are_counted():
    async def yields():
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)

    assert asyncio.run(explain(yields)).yields == 1


def test_what_waits_on_the_loop_while_calls_are_held_is_told(shop):
    def held(way, turns):
        return asyncio.run(hold_calls(lambda: way(shop), shop, "stock", 3, turns=turns, patience=30))

    async def with_a_nap(shop):
        together = asyncio.ensure_future(in_threads(shop))
        while not together.done():
            await asyncio.sleep(0.01)
            time.sleep(0.01)  # noqa: ASYNC251 (this is what has to be found)
        return await together

    found = held(with_a_nap, 10)
    assert found.met
    assert "`time.sleep(0.01)" in found.waited
    assert held(in_threads, 10).waited == ""


CALLS: Any = [SimpleNamespace(started=1.0, ended=2.0), SimpleNamespace(started=1.5, ended=3.0)]


@pytest.mark.parametrize(
    ("call", "started", "seconds", "counts"),
    [
        ("Thread.join", 1.2, 0.5, True),
        ("Thread.join", 1.2, 0.05, False),  # a busy machine lets a lock wait as long
        ("ThreadPoolExecutor.shutdown", 2.8, 0.15, True),
        ("ThreadPoolExecutor.shutdown", 2.95, 5.0, False),  # the last call was answered soon after it began
        ("ThreadPoolExecutor.shutdown", 3.1, 5.0, False),
        ("time.sleep", 3.1, 0.01, True),
        ("zlib.crc32", 1.2, 0.5, False),
    ],
)
def test_a_wait_counts_while_a_call_is_under_way(call, started, seconds, counts):
    loop: Any = SimpleNamespace(blocking=[BlockingCall(call, "cell:3", "pool.shutdown()", started, seconds)])
    assert bool(waited(loop, CALLS)) == counts


@pytest.mark.parametrize(
    ("seen", "why", "piece"),
    [
        (HeldCalls(False, 1, False), Why("time.sleep", "nap()"), "At most 1 call was in flight: `nap()` (time.sleep)"),
        (HeldCalls(False, 4, True), Why("Future.result", "x()"), "but `x()` (Future.result) waits on"),
        (HeldCalls(False, 2, True), Why(), "of 5 calls only 2 were in flight together"),
        (HeldCalls(False, 1, True), Why(jobs=1, one_job=True), "one thread makes all 5 calls"),
        (HeldCalls(False, 1, True), Why(), "each waited for the one before it"),
    ],
)  # fmt: skip
def test_why_calls_did_not_meet(seen, why, piece):
    assert piece in why_not(seen, 5, 4, why, say)


@pytest.mark.parametrize(
    ("why", "piece"),
    [
        (Why("Thread.join", "t.join()"), "The call is made elsewhere, but `t.join()` (Thread.join) waits"),
        (Why("socket.recv", "get()", yields=3), "`asyncio.sleep(0)` gives the event loop a turn"),
        (Why("socket.recv", "get()", "fetch", "stock_at"), "A function around it, `fetch`"),
        (Why("socket.recv", "get()", "stock", "stock"), "blocks the event loop until the answer has"),
    ],
)  # fmt: skip
def test_what_holds_the_loop_is_blamed(why, piece):
    assert piece in blame(why, say)
