"""run_apart: a function in a thread and a loop of its own, with a time limit."""

import asyncio
import contextlib
import contextvars
import gc
import os
import threading
import time

import psutil
import pytest
from anyio import to_process

from kettle.probes.engines.own_thread import close_apart, open_apart, run_apart

TOO_LONG = 60  # seconds: nothing here may wait for this


def kettle_threads():
    return [thread for thread in threading.enumerate() if thread.name == "kettle apart"]


def test_value_of_a_coroutine_function_and_of_a_plain_one():
    async def add(a, b=0):
        await asyncio.sleep(0)
        return a + b

    assert run_apart(add, 2, b=3).value == 5
    assert run_apart(lambda: 7).value == 7
    assert run_apart(lambda: asyncio.run(add(1, b=1))).value == 2
    assert not kettle_threads()


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_error_is_told_not_raised(kind):
    async def fails():
        raise kind("why")

    def fails_plainly():
        raise kind("why")

    for function in (fails, fails_plainly):
        told = run_apart(function)
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
    told = run_apart(function, limit=0.3)
    assert told.timed_out
    assert told.value is None
    assert told.error is None
    assert told.at.startswith("test_own_thread:"), told.at
    assert time.perf_counter() - before < 20
    assert not told.still_running
    assert not kettle_threads()


def test_what_cannot_be_stopped_is_left_behind():
    free = threading.Event()
    told = run_apart(free.wait, TOO_LONG, limit=0.2)
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

    told = run_apart(forgets)
    assert len(told.complaints) == 1
    assert "never retrieved" in told.complaints[0]
    assert "lost" in told.complaints[0]

    async def forgets_and_fails():
        task = asyncio.create_task(fails())
        await asyncio.sleep(0.01)
        raise ValueError(task.done())  # the traceback keeps the task alive

    told = run_apart(forgets_and_fails)
    assert isinstance(told.error, ValueError)
    assert "lost" in told.complaints[0]
    assert len(told.complaints) == 1


def test_retrieved_exceptions_are_no_complaint():
    async def fails():
        raise KeyError("seen")

    async def looks():
        return await asyncio.gather(fails(), fails(), return_exceptions=True)

    assert run_apart(looks).complaints == ()


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

    assert run_apart(leaves).leftover == ("forgotten",)
    assert cancelled == [True]


def test_workers_of_the_default_executor_end():
    async def works():
        return await asyncio.to_thread(threading.current_thread)

    told = run_apart(works)
    told.value.join(5)
    assert not told.value.is_alive()


def test_a_worker_that_does_not_end_does_not_hold_the_answer():
    free = threading.Event()

    async def leaves_a_worker():
        asyncio.get_running_loop().run_in_executor(None, free.wait, TOO_LONG)
        await asyncio.sleep(0)
        return "answer"

    before = time.perf_counter()
    told = run_apart(leaves_a_worker)
    free.set()
    assert told.value == "answer"
    assert time.perf_counter() - before < 20


def test_context_variables_are_not_inherited():
    name = contextvars.ContextVar("name", default="nobody")
    name.set("learner")
    assert run_apart(name.get).value == "nobody"


def test_runs_inside_a_running_loop():
    async def outer():
        return run_apart(asyncio.sleep, 0, "inner").value

    assert asyncio.run(outer()) == "inner"


def test_a_lent_loop_keeps_what_was_made_in_it():
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

    loop = open_apart()
    first, second = run_apart(ask, loop=loop), run_apart(ask, loop=loop)
    assert first.value == second.value == ("answer to a question", 7)
    assert first.leftover == ("server",)
    assert second.leftover == ()
    close_apart(loop)
    assert loop.is_closed()
    assert made[2].cancelled()


def test_a_lent_loop_has_nothing_of_its_own_to_complain_of():
    loop = open_apart()
    for _ in range(3):
        told = run_apart(asyncio.sleep, 0, loop=loop)
        gc.collect()
        assert (told.complaints, told.leftover) == ((), ())
    close_apart(loop)


def test_a_lent_loop_does_not_seem_to_end_with_each_function():
    loop = open_apart()
    workers = {run_apart(to_process.run_sync, os.getpid, loop=loop).value for _ in range(3)}
    assert len(workers) == 1  # AnyIO keeps its worker process for as long as the loop
    close_apart(loop)
    assert workers != {None}
    assert not any(map(psutil.pid_exists, workers))


def test_a_lent_loop_hears_of_silent_failures_of_each_function():
    async def fails():
        raise KeyError("lost")

    async def forgets():
        asyncio.get_running_loop().kept = asyncio.create_task(fails())
        await asyncio.sleep(0.01)

    loop = open_apart()
    assert "lost" in run_apart(forgets, loop=loop).complaints[0]
    assert run_apart(asyncio.sleep, 0, loop=loop).complaints == ()
    close_apart(loop)
