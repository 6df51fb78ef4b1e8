"""watch_workers and loop_shows_life: where work ran, in what pools, and whether the loop lived meanwhile."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

import anyio.to_process
import pytest

from kettle.probes.responsive import loop_shows_life
from kettle.probes.workers import has_gil, watch_workers

METHODS = [
    pytest.param(
        method, marks=[] if method in multiprocessing.get_all_start_methods() else [pytest.mark.skip]
    )
    for method in ("fork", "forkserver", "spawn")
]


def work(pulse):
    """What a worker does: its part, and then it waits for the loop to show life."""
    return pulse(), os.getpid(), threading.get_ident()


def square(n):
    return n * n


def in_life(body, **options):
    async def main():
        async with loop_shows_life(**options) as life:
            await body(life.pulse)
        return life

    return asyncio.run(main())


@pytest.mark.parametrize("method", METHODS)
def test_the_loop_lives_while_a_process_works(method):
    async def right(pulse):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
            lived, process, _ = await asyncio.get_running_loop().run_in_executor(pool, work, pulse)
            assert lived
            assert process != os.getpid()

    life = in_life(right, patience=30)
    assert life.lived
    assert len(life.held) == 1
    assert os.getpid() not in life.processes


def test_the_loop_lives_while_a_thread_works():
    life = in_life(lambda pulse: asyncio.to_thread(work, pulse), patience=30)
    assert life.lived
    assert life.processes == {os.getpid()}


async def on_the_loop(pulse):
    work(pulse)


async def after_a_breath(pulse):
    await asyncio.sleep(0)
    work(pulse)
    await asyncio.sleep(0)


async def joined(pulse):
    thread = threading.Thread(target=work, args=(pulse,))
    thread.start()
    thread.join()


async def result_of_a_process(pulse):
    with ProcessPoolExecutor(1) as pool:
        pool.submit(work, pulse).result()


@pytest.mark.parametrize("body", [on_the_loop, after_a_breath, joined, result_of_a_process])
def test_the_loop_does_not_live_when_it_is_held(body):
    life = in_life(body, patience=0.5)
    assert not life.lived
    assert [held.lived for held in life.held] == [False]


def test_one_that_waits_in_vain_waits_for_all():
    async def three(pulse):
        await asyncio.sleep(0.01)
        for _ in range(3):
            pulse()

    life = in_life(three, patience=0.5)
    assert [held.lived for held in life.held] == [False] * 3
    assert sum(held.seconds >= 0.5 for held in life.held) == 1


def test_work_that_runs_together_meets():
    async def two(pulse):
        with ProcessPoolExecutor(2) as pool:
            loop = asyncio.get_running_loop()
            await asyncio.gather(*(loop.run_in_executor(pool, work, pulse) for _ in range(4)))

    assert in_life(two, together=2, patience=15).met


@pytest.mark.parametrize("number", [1, 3])
def test_work_that_runs_one_by_one_does_not_meet_and_waits_once(number):
    async def in_turn(pulse):
        for _ in range(number):
            await asyncio.to_thread(work, pulse)

    life = in_life(in_turn, together=2, patience=0.1)
    assert life.lived
    assert not life.met
    assert sum(held.seconds > 0.15 for held in life.held) == 1


def test_no_work_is_no_life():
    async def dropped(pulse):
        await asyncio.sleep(0.01)

    assert not in_life(dropped).lived


def test_work_that_outlives_the_watch_is_told_so():
    async def main():
        with loop_shows_life() as life:
            pulse = life.pulse
        return pulse, life._folder

    pulse, folder = asyncio.run(main())
    assert pulse() is False
    assert not os.path.exists(folder)  # noqa: PTH110


@pytest.mark.parametrize("method", METHODS)
def test_one_pool_is_one_batch(method):
    context = multiprocessing.get_context(method)
    with watch_workers() as workers:
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            assert list(pool.map(square, range(6))) == [0, 1, 4, 9, 16, 25]
            assert pool.submit(square, 3).result() == 9
        assert not workers.open
    assert [made.kind for made in workers.made] == ["ProcessPoolExecutor"]
    assert workers.made[0].of_processes
    assert workers.made[0].where.startswith("test_probe_workers:")
    assert len(workers.batches) == 1
    assert 1 <= len(workers.batches[0]) <= 2
    assert (workers.pools, workers.started) == (1, len(workers.batches[0]))
    assert workers.own_gil == (not has_gil())
    assert workers.processes
    assert os.getpid() not in workers.processes
    assert "square" in {ran.name for ran in workers.ran}


def test_a_pool_of_threads_is_a_pool_and_starts_no_process():
    with watch_workers() as workers, ThreadPoolExecutor(1) as pool:
        pool.submit(square, 3).result()
    assert (workers.pools, workers.started) == (1, 0)


def test_a_pool_for_each_call():
    async def each():
        loop = asyncio.get_running_loop()
        for n in range(3):
            with ProcessPoolExecutor(1) as pool:
                await loop.run_in_executor(pool, square, n)

    with watch_workers() as workers:
        asyncio.run(each())
    assert len(workers.made) == len(workers.batches) == 3
    assert not workers.open


def test_a_pool_made_before_starts_nothing_later():
    with ProcessPoolExecutor(1) as pool:
        pool.submit(square, 1).result()
        with watch_workers() as workers:
            assert pool.submit(square, 2).result() == 4
    assert not workers.made
    assert not workers.batches
    assert len(workers.processes) == 1


def test_multiprocessing_pools_and_processes_by_hand():
    with watch_workers() as workers:
        for _ in range(2):
            with multiprocessing.Pool(2) as pool:
                assert pool.map(square, [1, 2]) == [1, 4]
        by_hand = multiprocessing.Process(target=square, args=(1,))
        by_hand.start()
        by_hand.join()
    assert [len(batch) for batch in workers.batches] == [2, 2, 1]
    assert [made.kind for made in workers.made] == ["Pool", "Pool"]
    assert not workers.open


class OwnPool(ProcessPoolExecutor):
    pass


def test_a_pool_of_an_own_class_is_one_of_processes():
    with watch_workers() as workers, OwnPool(1), ThreadPool(1):
        pass
    assert [(made.kind, made.of_processes) for made in workers.made] == [
        ("OwnPool", True),
        ("ThreadPool", False),
    ]


def test_programs_and_forks_by_hand_are_counted():
    with watch_workers() as workers:
        subprocess.run([sys.executable, "-c", ""], check=True)
        with multiprocessing.Pool(2) as pool:
            pool.map(square, [1, 2])
        assert workers.programs == 1
        if hasattr(os, "fork"):
            child = os.fork()
            if not child:
                os._exit(0)
            os.waitpid(child, 0)
            assert workers.programs == 2


def test_programs_that_run_still():
    wait = [sys.executable, "-c", "import sys; sys.stdin.read()"]

    async def both():
        in_thread = await asyncio.to_thread(subprocess.Popen, wait, stdin=subprocess.PIPE)
        program = await asyncio.create_subprocess_exec(*wait, stdin=subprocess.PIPE)
        assert workers.running == {program.pid, in_thread.pid}
        in_thread.communicate()
        assert workers.running == {program.pid}
        await program.communicate(b"")
        assert not workers.running
        await anyio.to_process.run_sync(square, 2)  # keeps its process for the life of the loop

    with watch_workers() as workers:
        asyncio.run(both())
        assert workers.programs == 3
        assert not workers.running
        if hasattr(os, "fork"):
            child = os.fork()
            if not child:
                time.sleep(60)
                os._exit(0)
            assert workers.running == {child}
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            assert not workers.running


def test_threads_and_the_default_executor():
    async def threads():
        return await asyncio.gather(*(asyncio.to_thread(square, n) for n in range(3)))

    with watch_workers() as workers:
        assert asyncio.run(threads()) == [0, 1, 4]
        own = ThreadPoolExecutor(1)
        own.submit(square, 5).result()
        thread = threading.Thread(target=square, args=(2,))
        thread.start()
        thread.join()
    assert [made.default for made in workers.made] == [True, False]
    assert [made.kind for made in workers.open] == ["ThreadPoolExecutor"]
    assert threading.get_ident() not in workers.threads
    assert {ran.name for ran in workers.ran} == {"square"}
    assert workers.threads_started == 1
    own.shutdown()


def test_errors_and_results_pass_through():
    with (
        watch_workers(),
        watch_workers(),
        ThreadPoolExecutor(1) as threads,
        ProcessPoolExecutor(1) as processes,
    ):
        for pool in (threads, processes):
            assert pool.submit(square, 4).result() == 16
            with pytest.raises(TypeError):
                pool.submit(square, None).result()
    assert ThreadPoolExecutor.submit.__module__.startswith("concurrent")
    assert not hasattr(ThreadPoolExecutor.submit, "__wrapped__")


def test_life_is_found_on_a_slow_loop():
    """A loop that comes round every 50 ms is slow, and lives."""

    async def busy(pulse):
        waiting = asyncio.ensure_future(asyncio.to_thread(work, pulse))
        while not waiting.done():
            time.sleep(0.05)  # noqa: ASYNC251 (a step of another task)
            await asyncio.sleep(0)

    assert in_life(busy, patience=30).lived
    assert sys.exc_info() == (None, None, None)
