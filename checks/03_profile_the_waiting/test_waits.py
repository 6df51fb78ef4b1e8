"""Waits: each task is found at the line where it stands, whatever it waits for."""

import asyncio
import threading
import time

import pytest

from kettle.lessons.traces import recorded, recorded_traces
from kettle.lessons.waits import tree_of, watch_waits


async def rest(seconds=0.2):
    await asyncio.sleep(seconds)


async def two_rests():
    await rest(0.5)
    await rest(0.25)


def test_a_wait_is_charged_to_its_line_and_to_those_that_lead_there():
    async def watched():
        with watch_waits() as waits:
            await two_rests()
        return waits

    waits = asyncio.run(watched())
    lines = waits.lines_of(two_rests)
    assert list(lines) == ["await rest(0.5)", "await rest(0.25)"]
    longest = waits.waits[0]
    assert [function for function, _ in longest.path] == ["watched", "two_rests", "rest"]
    assert longest.at == "sleep in asyncio/tasks.py"
    assert not longest.running
    assert waits.looks > 5
    assert waits.cost < waits.seconds
    assert "two_rests: await rest(0.5)" in repr(waits)


def test_every_task_is_asked_and_their_seconds_add_up():
    async def watched():
        with watch_waits() as waits:
            await asyncio.gather(*(rest() for _ in range(10)))
        return waits

    waits = asyncio.run(watched())
    resting = sum(wait.seconds for wait in waits.waits if wait.path[-1][0] == "rest")
    waiting = sum(wait.seconds for wait in waits.waits if wait.path[-1][0] == "watched")
    assert resting == pytest.approx(10 * waiting, rel=0.3)


def test_a_task_that_waits_for_a_lock_is_found_in_its_acquire():
    async def one(lock):
        async with lock:
            await asyncio.sleep(0.2)

    async def watched():
        lock = asyncio.Lock()
        with watch_waits() as waits:
            await asyncio.gather(one(lock), one(lock))
        return {(wait.path[-1][1], wait.at) for wait in waits.waits}

    found = asyncio.run(watched())
    assert ("async with lock:", "acquire in asyncio/locks.py") in found


def test_a_task_that_holds_the_loop_is_running_and_the_thread_is_there():
    def nap():
        time.sleep(0.3)

    async def hold():
        nap()

    async def watched():
        with watch_waits() as waits:
            await asyncio.create_task(hold())
        return waits

    waits = asyncio.run(watched())
    assert waits.waits
    held = [wait for wait in waits.waits if wait.path[-1] == ("nap", "time.sleep(0.3)")]
    assert [(wait.running, wait.path[0]) for wait in held] == [(True, ("hold", "nap()"))]
    assert next(iter(waits.thread_at())) == "nap: time.sleep(0.3)"


def test_a_loop_that_sleeps_is_where_a_profiler_of_threads_sees_it():
    async def watched():
        with watch_waits() as waits:
            await rest()
        return next(iter(waits.thread_at()))

    where = asyncio.run(watched())
    assert "select" in where or "poll" in where


def test_its_thread_ends_with_the_block_also_after_a_failure():
    async def watched():
        with pytest.raises(ValueError, match="over"), watch_waits():
            raise ValueError("over")

    before = threading.active_count()
    asyncio.run(watched())
    assert threading.active_count() == before


def test_without_waits_there_is_no_tree():
    assert tree_of([]) == []


def test_four_traces_were_recorded_one_for_each_cause_and_do_not_tell_it():
    traces = recorded_traces()
    assert sorted(each.cause for each in traces) == ["gil", "lock", "pool", "service"]
    for each in traces:
        assert f"cause='{each.cause}'" not in repr(each)
        assert len(str(each)) < 1500


def test_the_traces_say_what_the_lesson_reads_in_them():
    traces = {each.cause: each for each in recorded_traces()}
    late = {cause: each.late for cause, each in traces.items()}
    assert max(late["service"], late["lock"], late["pool"]) < 0.003 < late["gil"]
    assert traces["gil"].others > 3 * traces["gil"].loop
    assert traces["pool"].innermost == "_wait_for_available_connection in aiohttp/connector.py"
    assert traces["lock"].innermost == "acquire in asyncio/locks.py"
    assert traces["service"].innermost == "read in aiohttp/streams.py"
    assert all(each.evidence.endswith(".") for each in traces.values())


def test_what_py_spy_saw_was_recorded_for_where_it_is_refused():
    for command, found in recorded()["py-spy"].items():
        assert command.startswith("py-spy ")
        assert any("select" in line for line in found["lines"]), command
        assert not any(line.startswith("/") for line in found["lines"]), "a path of one machine"
