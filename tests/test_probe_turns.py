"""watch_turns and watch_leftovers: what is handled between two turns of the loop, and what is left behind."""

import asyncio
import copy
import json
import multiprocessing
import os
import pickle
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from kettle.probes.leftovers import watch_leftovers
from kettle.probes.turns import watch_turns


def longest(handle, number=30, **options):
    async def main():
        with watch_turns(**options) as turns:
            await handle([{"item": turns.item(number=each)} for each in range(number)])
        return turns

    return asyncio.run(main())


async def at_once(items):
    await asyncio.sleep(0)
    json.dumps(items)
    await asyncio.sleep(0)


async def in_slices(items):
    for start in range(0, len(items), 10):
        json.dumps(items[start : start + 10])
        await asyncio.sleep(0)


async def by_tasks(items):
    async def encode(start):
        json.dumps(items[start : start + 10])

    await asyncio.gather(*map(encode, range(0, len(items), 10)))


async def in_a_thread(items):
    await asyncio.to_thread(json.dumps, items)


async def slices_in_a_thread(items):
    for start in range(0, len(items), 10):
        await asyncio.to_thread(json.dumps, items[start : start + 10])


async def pickled(items):
    assert pickle.loads(pickle.dumps(items))[3] == {"item": {"number": 3}}


async def copied(items):
    copy.deepcopy(items)


@pytest.mark.parametrize(
    ("handle", "how", "on_loop", "count", "tasks"),
    [
        (at_once, "encoded", True, 30, 1),
        (in_slices, "encoded", True, 10, 1),
        (by_tasks, "encoded", True, 30, 3),
        (in_a_thread, "encoded", False, 30, 0),
        (slices_in_a_thread, "encoded", False, 10, 0),
        (pickled, "pickled", True, 30, 1),
        (copied, "copied", True, 30, 1),
    ],
)
def test_the_longest_piece_is_told(handle, how, on_loop, count, tasks):
    turns = longest(handle, patience=30)
    piece = turns.longest
    assert (piece.how, piece.on_loop, piece.count, piece.tasks) == (how, on_loop, count, tasks)
    assert turns.handled == {how: 30}
    assert turns.lived


def test_a_loop_that_waits_for_a_thread_shows_no_life():
    async def waits(items):
        with ThreadPoolExecutor() as pool:
            pool.submit(json.dumps, items).result()

    assert not longest(waits, patience=0.1).lived


def test_a_shallow_copy_is_still_watched():
    async def copies(items):
        json.dumps([{**each, "item": copy.copy(each["item"])} for each in items])

    assert longest(copies).longest.count == 30


kept = []


async def nothing():
    pass


async def a_pool_that_stays():
    kept.append(ProcessPoolExecutor(1))
    await asyncio.get_running_loop().run_in_executor(kept[-1], time.time)


async def a_thread_pool_that_stays():
    kept.append(ThreadPoolExecutor(1))


async def a_program_that_stays():
    kept.append(await asyncio.create_subprocess_exec("sleep", "30"))


async def a_pool_that_is_closed():
    with ProcessPoolExecutor(1) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, time.time)
    with multiprocessing.Pool(1) as pool:
        pool.apply(time.time)


@pytest.mark.parametrize(
    ("block", "processes", "programs", "executors"),
    [
        (nothing, 0, 0, 0),
        (a_pool_that_is_closed, 0, 0, 0),
        (a_pool_that_stays, 1, 0, 1),
        (a_thread_pool_that_stays, 0, 0, 1),
        (a_program_that_stays, 0, 1, 0),
    ],
)
def test_what_a_block_leaves_is_found(block, processes, programs, executors):
    async def main():
        with watch_leftovers() as watch:
            await block()
            found = await watch.left(patience=5 if block in (nothing, a_pool_that_is_closed) else 0.3)
        for each in kept:
            each.kill() if hasattr(each, "kill") else each.shutdown(wait=False)
        kept.clear()
        return found

    found = asyncio.run(main())
    assert (len(found.processes), len(found.programs), len(found.executors)) == (
        processes,
        programs,
        executors,
    )
    assert bool(found) == bool(processes or programs or executors)
    assert not found.kept or not found.processes


def test_workers_of_a_pool_that_was_there_before_are_told_apart_and_ended():
    async def main():
        pool = ProcessPoolExecutor(1)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(pool, time.time)
        with watch_leftovers() as watch:
            used = {await loop.run_in_executor(pool, os.getpid)}
            found = await watch.left(patience=0.1, used=used)
        pool.shutdown(wait=False)
        return found, used, {child.pid for child in multiprocessing.active_children()}

    found, used, children = asyncio.run(main())
    assert found.kept
    assert len(found.processes) == 1
    assert not children & used


def test_a_copy_of_what_holds_items_is_seen():
    async def copies(turns):
        return [dict(turns.holder(number=number, item=turns.item())) for number in range(7)]

    async def watched():
        with watch_turns() as turns:
            await copies(turns)
        return turns.longest

    piece = asyncio.run(watched())
    assert (piece.how, piece.count) == ("copied", 7)


def test_threads_that_handle_items_at_once_are_counted():
    async def main(at_once):
        with watch_turns() as turns:
            slices = [[turns.item(order=1) for _ in range(5)] for _ in range(3)]
            if at_once:
                await asyncio.gather(*(asyncio.to_thread(json.dumps, each) for each in slices))
            else:
                for each in slices:
                    await asyncio.to_thread(json.dumps, each)
        return turns.threads

    assert asyncio.run(main(at_once=False)) == 1
    assert asyncio.run(main(at_once=True)) > 1
