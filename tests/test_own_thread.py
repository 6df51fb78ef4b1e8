"""OwnThread: functions in a thread and a loop of their own, with a time limit."""

import asyncio
import contextlib
import contextvars
import gc
import os
import sqlite3
import threading
import time

import psutil
import pytest
from anyio import to_process

from kettle.probes.engines.own_thread import OwnThread, run_in_own_thread

TOO_LONG = 60  # seconds: nothing here may wait for this


def kettle_threads():
    return [thread for thread in threading.enumerate() if thread.name == "kettle own thread"]


def test_value_of_a_coroutine_function_and_of_a_plain_one():
    async def add(a, b=0):
        await asyncio.sleep(0)
        return a + b

    assert run_in_own_thread(add, 2, b=3).value == 5
    assert run_in_own_thread(lambda: 7).value == 7
    assert run_in_own_thread(lambda: asyncio.run(add(1, b=1))).value == 2
    assert not kettle_threads()


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_error_is_told_not_raised(kind):
    async def fails():
        raise kind("why")

    def fails_plainly():
        raise kind("why")

    for function in (fails, fails_plainly):
        told = run_in_own_thread(function)
        assert isinstance(told.error, kind)
        assert told.value is None
        assert not told.timed_out


async def endless_await():
    await asyncio.Event().wait()


async def endless_swallowing():
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(TOO_LONG)


async def endless_loop_on_the_loop():
    while True:
        pass


def endless_loop():
    while True:
        try:
            while True:
                pass
        except Exception:  # noqa: BLE001 (the point of this one)
            pass


@pytest.mark.parametrize(
    "function",
    [endless_await, endless_swallowing, endless_loop_on_the_loop, endless_loop],
    ids=lambda f: f.__name__,
)
def test_endless_code_is_stopped_and_leaves_no_thread(function):
    before = time.perf_counter()
    told = run_in_own_thread(function, limit=0.3)
    assert told.timed_out
    assert told.value is None
    assert told.error is None
    assert told.at.startswith("test_own_thread:"), told.at
    assert time.perf_counter() - before < 20
    assert not told.still_running
    assert not kettle_threads()


def test_what_cannot_be_stopped_is_left_behind():
    free = threading.Event()
    told = run_in_own_thread(free.wait, TOO_LONG, limit=0.2)
    assert told.timed_out
    assert told.still_running
    free.set()
    for thread in kettle_threads():
        thread.join(10)
    assert not kettle_threads()


def test_exception_nobody_retrieved_is_a_complaint():
    async def fails():
        raise KeyError("lost")

    async def forgets():
        task = asyncio.create_task(fails())
        await asyncio.sleep(0.01)
        assert task.done()

    told = run_in_own_thread(forgets)
    assert len(told.complaints) == 1
    assert "never retrieved" in told.complaints[0]
    assert "lost" in told.complaints[0]

    async def forgets_and_fails():
        task = asyncio.create_task(fails())
        await asyncio.sleep(0.01)
        raise ValueError(task.done())  # the traceback keeps the task alive

    told = run_in_own_thread(forgets_and_fails)
    assert isinstance(told.error, ValueError)
    assert "lost" in told.complaints[0]
    assert len(told.complaints) == 1


def test_retrieved_exceptions_are_no_complaint():
    async def fails():
        raise KeyError("seen")

    async def looks():
        return await asyncio.gather(fails(), fails(), return_exceptions=True)

    assert run_in_own_thread(looks).complaints == ()


def test_leftover_tasks_are_named_and_cancelled():
    cancelled, tasks = [], []

    async def stays():
        try:
            await asyncio.sleep(TOO_LONG)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def leaves():
        tasks.append(asyncio.create_task(stays(), name="forgotten"))
        await asyncio.sleep(0)

    assert run_in_own_thread(leaves).leftover == ("forgotten",)
    assert cancelled == [True]


def test_workers_of_the_default_executor_end():
    async def works():
        return await asyncio.to_thread(threading.current_thread)

    told = run_in_own_thread(works)
    told.value.join(5)
    assert not told.value.is_alive()


def test_a_worker_that_does_not_end_does_not_hold_the_answer():
    free = threading.Event()

    async def leaves_a_worker():
        asyncio.get_running_loop().run_in_executor(None, free.wait, TOO_LONG)
        await asyncio.sleep(0)
        return "answer"

    before = time.perf_counter()
    told = run_in_own_thread(leaves_a_worker)
    free.set()
    assert told.value == "answer"
    assert time.perf_counter() - before < 20


def test_context_variables_are_not_inherited():
    name = contextvars.ContextVar("name", default="nobody")
    name.set("learner")
    assert run_in_own_thread(name.get).value == "nobody"


def test_runs_inside_a_running_loop():
    async def outer():
        return run_in_own_thread(asyncio.sleep, 0, "inner").value

    assert asyncio.run(outer()) == "inner"


def test_a_thread_keeps_what_was_made_in_it():
    made = []

    async def ask():
        """Be answered by a task that is made once, as a client is."""
        if not made:
            made.extend((asyncio.Queue(), asyncio.Queue()))
            made.append(asyncio.create_task(serve(), name="server"))
        await made[0].put("question")
        return await made[1].get(), await asyncio.to_thread(int, "7")

    async def serve():
        while True:
            await made[1].put(f"answer to a {await made[0].get()}")

    own = OwnThread()
    first, second = own.run(ask), own.run(ask)
    assert first.value == second.value == ("answer to a question", 7)
    assert first.leftover == ("server",)
    assert second.leftover == ()
    own.close()
    assert made[2].cancelled()


def test_a_thread_has_nothing_of_its_own_to_complain_of():
    own = OwnThread()
    for _ in range(3):
        told = own.run(asyncio.sleep, 0)
        gc.collect()
        assert (told.complaints, told.leftover) == ((), ())
    own.close()


def test_a_thread_does_not_seem_to_end_with_each_function():
    own = OwnThread()
    workers = {own.run(to_process.run_sync, os.getpid).value for _ in range(3)}
    assert len(workers) == 1  # AnyIO keeps its worker process for as long as the loop
    own.close()
    assert workers != {None}
    assert not any(map(psutil.pid_exists, workers))


def test_a_thread_hears_of_silent_failures_of_each_function():
    async def fails():
        raise KeyError("lost")

    async def forgets():
        asyncio.get_running_loop().kept = asyncio.create_task(fails())
        await asyncio.sleep(0.01)

    own = OwnThread()
    assert "lost" in own.run(forgets).complaints[0]
    assert own.run(asyncio.sleep, 0).complaints == ()
    own.close()


@pytest.fixture
def own():
    with contextlib.closing(OwnThread()) as thread:
        yield thread


def test_a_connection_that_knows_its_thread_serves_the_next_function(own):
    made = []

    def count():
        if not made:
            made.append(sqlite3.connect(":memory:"))  # raises ProgrammingError in any other thread
        return made[0].execute("SELECT 7").fetchone()[0]

    async def count_in_a_loop():
        return count()

    assert [own.run(each).value for each in (count, count_in_a_loop, count)] == [7, 7, 7]
    own.run(made[0].close)


def test_what_a_thread_keeps_for_itself_stays(own):
    local = threading.local()

    async def keep():
        local.client = "made once"

    own.run(keep)
    assert own.run(lambda: local.client).value == "made once"


def test_no_loop_runs_in_a_plain_function_between_two_that_need_one(own):
    def plain():
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return asyncio.run(asyncio.sleep(0, "a loop of its own"))

    async def loop():
        return asyncio.get_running_loop()

    first = own.run(loop).value
    assert own.run(plain).value == "a loop of its own"
    assert own.run(loop).value is first


@pytest.mark.parametrize("resists", [endless_swallowing, endless_loop], ids=lambda f: f.__name__)
def test_what_resists_does_not_block_what_comes_after_it(own, resists):
    assert own.run(resists, limit=0.2).timed_out
    assert own.run(asyncio.sleep, 0, "next").value == "next"
    assert own.run(lambda: asyncio.run(asyncio.sleep(0, "and next"))).value == "and next"


def test_what_cannot_be_stopped_does_not_block_what_comes_after_it(own):
    free = threading.Event()
    assert own.run(free.wait, TOO_LONG, limit=0.2).still_running
    assert own.run(asyncio.sleep, 0, "next").value == "next"
    free.set()


def test_what_can_be_cancelled_leaves_its_thread_to_the_next(own):
    thread = own.run(threading.get_ident).value
    assert own.run(endless_await, limit=0.2).timed_out
    assert own.run(threading.get_ident).value == thread


async def cancel_all():
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return "all cancelled"


async def stop_the_loop():
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.01)


def close_the_loop():
    asyncio.get_event_loop().close()


async def leave():
    raise SystemExit


@pytest.mark.parametrize(
    ("hostile", "value", "error"),
    [
        (cancel_all, "all cancelled", type(None)),
        (stop_the_loop, None, RuntimeError),
        (close_the_loop, None, type(None)),
        (leave, None, SystemExit),
    ],
)
def test_the_loop_goes_on_after_hostile_code(own, hostile, value, error):
    told = own.run(hostile)
    assert (told.value, type(told.error)) == (value, error)
    following = own.run(asyncio.sleep, 0.01, "next")
    assert (following.value, following.leftover) == ("next", ())
