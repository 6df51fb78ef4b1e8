"""kettle.probes.work counts exactly, follows the work elsewhere, and leaves no trace behind."""

import asyncio
import gc
import math
import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from kettle.probes.work import growth, work


def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result


def squares(numbers):
    return [number * number for number in numbers]


def evens(numbers):
    for number in numbers:
        if number % 2 == 0:
            yield number


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def pairs(numbers):
    return sum(1 for a in numbers for b in numbers if a < b)


def failing(numbers):
    caught = 0
    for number in numbers:
        try:
            1 // (number % 3)
        except ZeroDivisionError:
            caught += 1
    return caught


async def page(calls):
    return await asyncio.gather(*(asyncio.sleep(0, number) for number in range(calls)))


def in_a_thread(numbers):
    thread = threading.Thread(target=total, args=(numbers,))
    thread.start()
    thread.join()


def in_a_pool(numbers):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(total, [numbers] * 4))


async def off_the_loop(numbers):
    return await asyncio.to_thread(total, numbers)


def measure_nothing():
    pass


SIZE = 60


@pytest.mark.parametrize(
    ("fn", "given"),
    [
        (total, range(SIZE)),
        (squares, range(SIZE)),
        (lambda numbers: list(evens(numbers)), range(SIZE)),
        (fib, 12),
        (failing, range(SIZE)),
        (page, 5),
        (off_the_loop, range(SIZE)),
        (in_a_thread, range(SIZE)),
        (in_a_pool, range(SIZE)),
    ],
    ids=[
        "loop",
        "comprehension",
        "generator",
        "recursion",
        "exceptions",
        "async",
        "to_thread",
        "thread",
        "pool",
    ],
)
def test_counts_repeat_exactly(fn, given):
    counts = {(run.instructions, run.calls, run.c_calls) for run in [work(fn, given) for _ in range(5)]}
    assert len(counts) == 1


def test_known_loads():
    assert work(fib, 10).calls == 177
    assert work(list, evens(range(10))).calls == 1
    empty, ten, twenty = (work(total, range(n)).instructions for n in (0, 10, 20))
    assert ten - empty == twenty - ten > 0
    assert work(lambda: [math.sqrt(2) for _ in range(7)]).c_calls == 7
    assert work(measure_nothing).instructions <= 3
    assert work(total, range(4)).value == 6


def test_the_steps_of_a_generator_and_of_a_coroutine_are_not_calls():
    async def waits(times):
        for _ in range(times):
            await asyncio.sleep(0)

    assert work(lambda: sum(evens(range(100)))).calls == 2
    assert work(waits, 3).calls == work(waits, 30).calls
    assert work(waits, 30).instructions > work(waits, 3).instructions


@pytest.mark.parametrize("fn", [in_a_thread, in_a_pool, off_the_loop])
def test_work_in_a_thread_is_counted(fn):
    alone = work(total, range(500))
    moved = work(fn, range(500))
    assert moved.threads >= 1
    assert moved.instructions >= alone.instructions
    assert moved.processes == moved.sent_away == 0


def test_a_pool_that_was_there_before_is_counted():
    with ThreadPoolExecutor(1) as pool:
        pool.submit(total, [1]).result()
        run = work(lambda: pool.submit(total, range(500)).result())
        after = pool.submit(sys.gettrace).result()
    assert run.threads == 1
    assert run.instructions >= work(total, range(500)).instructions
    assert after is None


def test_threads_of_others_are_not_counted():
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            threading.Thread(target=total, args=(range(5),)).start()
            stop.wait(0.001)

    alone = work(total, range(3000))
    other = threading.Thread(target=busy)
    other.start()
    try:
        runs = [work(total, range(3000)) for _ in range(3)]
    finally:
        stop.set()
        other.join(10)
    assert runs == [alone] * 3


def test_a_thread_that_outlives_the_run_gets_no_trace_left_behind():
    stop, seen = threading.Event(), []

    def lingers():
        stop.wait(10)
        total(range(10))
        seen.append((sys.gettrace(), sys.getprofile()))

    thread = threading.Thread(target=lingers)
    work(thread.start)
    stop.set()
    thread.join(10)
    assert seen == [(None, None)]


def _to_pool(numbers):
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(total, numbers).result(30)


def _process(numbers):
    process = multiprocessing.get_context("spawn").Process(target=total, args=(numbers,))
    process.start()
    process.join(30)


def _program(_):
    return subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=30)


def _fork(_):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if (sys.gettrace(), sys.getprofile()) == (None, None) else 9)
    return os.waitpid(pid, 0)[1]


@pytest.mark.parametrize("fn", [_to_pool, _process, _program, _fork])
def test_processes_are_noticed(fn):
    if fn is _fork and not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    run = work(fn, range(5000))
    assert run.processes == 1
    assert run.sent_away == (fn is _to_pool)
    assert run.threads == 0
    assert run.instructions < work(total, range(5000)).instructions
    if fn is _fork:
        assert run.value == 0


def test_jobs_for_a_pool_of_processes_that_was_there_before_are_noticed():
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(1) as pool, ProcessPoolExecutor(1, spawn) as executor:
        pool.apply(abs, (1,)), executor.submit(abs, 1).result(30)

        def away():
            pool.map(abs, [1]), pool.starmap(abs, [(1,)]), pool.apply(abs, (1,))
            pool.map_async(abs, [1]).get(30), pool.starmap_async(abs, [(1,)]).get(30)
            list(pool.imap(abs, [1])), list(pool.imap_unordered(abs, [1]))
            return executor.submit(abs, 1).result(30)

        run = work(away)
    assert (run.processes, run.sent_away) == (0, 8)


def test_everything_is_as_before_also_after_an_error():
    def seen():
        starters = (threading.Thread.start, subprocess.Popen.__init__, os.system, ThreadPoolExecutor.submit)
        return sys.gettrace(), sys.getprofile(), gc.isenabled(), starters

    before = seen()
    with pytest.raises(ZeroDivisionError):
        work(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        work(_raises)
    assert seen() == before


async def _raises():
    await asyncio.sleep(0)
    return 1 // 0


def test_a_debugger_keeps_its_trace():
    lines = []

    def debugger(frame, event, arg):
        lines.append(frame.f_code.co_name)
        return debugger

    before = sys.gettrace()
    sys.settrace(debugger)
    try:
        run = work(total, range(5))
        found = sys.gettrace()
        fib(1)
    finally:
        sys.settrace(before)
    assert found is debugger
    assert run.calls == 1
    assert "fib" in lines


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="sys.monitoring cannot be talked out of counting")
def test_a_lost_count_says_so():
    with pytest.raises(RuntimeError, match="The count was lost"):
        work(sys.settrace, None)


def test_a_pool_thread_that_lives_on_leaves_the_next_counts_alone():
    with ThreadPoolExecutor(1) as pool:

        def in_pool():
            return work(lambda: pool.submit(total, range(100)).result())

        profiled, runs = sys.getprofile(), [in_pool()]
        try:
            sys.setprofile(lambda frame, event, arg: None)
            runs += [in_pool(), in_pool()]
            sys.setprofile(None)
            runs += [in_pool(), in_pool()]
            if sys.version_info >= (3, 12):
                assert not any(sys.monitoring.get_tool(place) for place in (2, 3, 4))
        finally:
            sys.setprofile(profiled)
    alone = work(total, range(100))
    assert [run.threads for run in runs] == [1] * 5
    assert all(run.instructions >= alone.instructions for run in runs)


def test_a_coroutine_is_run_to_its_end():
    assert work(page, 4).value == work(lambda: page(4)).value == [0, 1, 2, 3]


def test_work_inside_work():
    inner = []
    outer = work(lambda: inner.append(work(total, range(10))))
    assert inner == [work(total, range(10))]
    assert outer.calls >= 1


def test_two_threads_count_at_the_same_time():
    runs, start = [], threading.Barrier(2)

    def count():
        start.wait()
        runs.append(work(total, range(2000)))

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert runs == [work(total, range(2000))] * 2
    assert threading.Thread.start.__module__ == "threading"
    assert threading.Thread.start.__name__ == "start"
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("fn", "shape"),
    [(sum, "flat"), (len, "flat"), (total, "linear"), (squares, "linear"), (pairs, "quadratic")],
)
def test_growth(fn, shape):
    grown = growth(fn, (20, 40, 80), make=range)
    assert grown.shape == shape
    assert grown.sizes == (20, 40, 80)
    assert growth(fn, (80, 20, 40), make=range) == grown


def test_growth_between_the_named_shapes():
    def logarithmic(n):
        steps = 0
        while n:
            n, steps = n // 2, steps + 1
        return steps

    assert growth(logarithmic, (1_000, 10_000, 100_000)).shape == "flat"
    grown = growth(lambda n: pairs(range(n)) + sum(range(n)), (10, 30))
    assert 1.2 < grown.exponent < 2.2
    assert growth(total, (10, 20, 30), make=range).per_item == growth(total, (100, 200), make=range).per_item


def test_growth_of_a_coroutine_function():
    assert growth(off_the_loop, (20, 40, 80), make=range).shape == "linear"


def test_growth_needs_two_sizes():
    with pytest.raises(ValueError, match="two different sizes"):
        growth(total, (10, 10), make=range)


def test_they_read_well():
    assert repr(work(math.sqrt, 4)) == "0 instructions, 0 calls and 0 calls of C functions"
    assert repr(growth(sum, (10, 20), make=range)).startswith("flat: 0.0 more instructions for each item")
