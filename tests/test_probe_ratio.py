"""kettle.probes.ratio tells faster, not faster, or too noisy, and is not fooled by a noisy machine."""

import asyncio
import gc
import os
import random
import subprocess
import sys
import time
import warnings

import pytest
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from kettle.probes import ratio
from kettle.probes.engines.blas import one_blas_thread
from kettle.probes.engines.bootstrap import bootstrap
from kettle.probes.ratio import FASTER, NOT_FASTER, TOO_NOISY, Ratio, compare, compare_async


class Machine:
    """A clock that only the code under test moves, with as much noise as wanted."""

    def __init__(self, noise=0.0, seed=1):
        self.now, self.noise, self.rng, self.log = 0.0, noise, random.Random(seed), []

    def takes(self, seconds):
        def run(*args):
            self.log.append(seconds)
            self.now += seconds * (1 + self.noise * self.rng.expovariate(1))
            return seconds

        return run


@pytest.fixture
def machine(monkeypatch):
    made = Machine()
    monkeypatch.setitem(ratio._CLOCKS, "wall", (lambda: made.now, "perf_counter"))
    return made


def test_a_quiet_machine(machine):
    told = compare(machine.takes(0.2), machine.takes(0.1))
    assert (told.ratio, told.low, told.high, told.best_ratio) == pytest.approx((2, 2, 2, 2))
    assert told.answer == FASTER
    assert (told.before_median, told.after_median, told.before_spread) == pytest.approx((0.2, 0.1, 0))
    assert (told.before_value, told.after_value) == (0.2, 0.1)
    assert compare(machine.takes(0.1), machine.takes(0.1)).answer == NOT_FASTER
    assert compare(machine.takes(0.1), machine.takes(0.2)).ratio == pytest.approx(0.5)
    assert compare(machine.takes(0.2), machine.takes(0.1), at_least=2.5).answer == NOT_FASTER


def test_runs_are_interleaved_in_random_order(machine):
    compare(machine.takes(2.0), machine.takes(1.0), repeat=20)
    pairs = list(zip(machine.log[4::2], machine.log[5::2], strict=True))
    assert len(pairs) == 20
    assert set(pairs) == {(1.0, 2.0), (2.0, 1.0)}


@pytest.mark.parametrize("real", [0.5, 1.0, 2.0, 10.0])
def test_noise_never_turns_an_answer_round(machine, real):
    machine.noise = 0.5
    answers = [
        compare(machine.takes(0.1 * real), machine.takes(0.1), at_least=1.5, seed=seed).answer
        for seed in range(60)
    ]
    wrong, right = (FASTER, NOT_FASTER) if real < 1.5 else (NOT_FASTER, FASTER)
    assert answers.count(wrong) <= (0 if real in (0.5, 10.0) else 2)
    assert answers.count(right) >= 40


def test_more_pairs_while_it_is_noisy_and_no_more_than_that(machine):
    machine.noise = 1.0
    told = compare(machine.takes(0.1), machine.takes(0.1), at_least=1.0, most=21)
    assert len(told.before) <= 21
    assert len(told.before) % 7 == 0
    assert told.answer == TOO_NOISY or len(told.before) < 21
    impatient = compare(machine.takes(0.1), machine.takes(0.1), at_least=1.0, patience=0)
    assert len(impatient.before) == 7


def test_quick_functions_are_called_often_in_a_run(machine):
    compare(machine.takes(1e-5), machine.takes(2.0), repeat=3)
    assert machine.log.count(2.0) == 2 + 3
    assert machine.log.count(1e-5) == 2 + 3 * 100


def test_fresh_arguments_for_each_call(machine):
    lists, seen = [], []

    def make():
        lists.append([1])
        return (lists[-1],)

    def grows(numbers):
        seen.append(len(numbers))
        numbers.append(1)
        machine.now += 0.1

    compare(grows, grows, make=make, repeat=3)
    assert set(seen) == {1}
    assert len(lists) == len(seen) == 8


def test_real_loads_by_cpu_time():
    def loop(n):
        return sum(i for i in range(n))

    def formula(n):
        return n * (n - 1) // 2

    told = compare(loop, formula, 5000, clock="cpu", at_least=2)
    assert told.answer == FASTER
    assert told.before_value == told.after_value
    assert compare(formula, loop, 5000, clock="cpu", at_least=2).answer == NOT_FASTER
    assert compare(loop, loop, 5000, clock="cpu", at_least=4).answer == NOT_FASTER


def test_cpu_time_leaves_waiting_out():
    def waits():
        time.sleep(0.01)

    def works():
        return sum(range(200_000))

    assert compare(waits, works, clock="cpu", repeat=3).ratio < 1


def test_coroutine_functions():
    async def slow(n):
        for _ in range(n):
            await asyncio.sleep(0.02)
        return n

    async def quick(n):
        await asyncio.gather(*(asyncio.sleep(0.02) for _ in range(n)))
        return n

    told = asyncio.run(compare_async(slow, quick, 5, repeat=3, at_least=1.5))
    assert told.ratio > 1
    assert (told.before_value, told.after_value) == (5, 5)
    assert len(told.before) in (3, 6, 9, 12)


def test_wrong_uses_say_so():
    async def page():
        pass

    with pytest.raises(TypeError, match="await compare_async"):
        compare(page, page)
    with pytest.raises(ValueError, match="at least 3"):
        compare(len, len, [], repeat=2)
    with pytest.raises(ValueError, match="'wall' and 'cpu'"):
        compare(len, len, [], clock="sun")


def test_the_collector_is_off_in_a_run_and_on_again_after_an_error():
    seen = []

    def fails():
        seen.append(gc.isenabled())
        if len(seen) > 1:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        compare(fails, fails)
    assert seen == [True, False]
    assert gc.isenabled()


def test_bootstrap_interval_holds_the_true_ratio_about_as_often_as_it_says():
    rng, held = random.Random(5), 0
    for _ in range(200):
        before = [2 * rng.lognormvariate(0, 0.2) for _ in range(15)]
        after = [rng.lognormvariate(0, 0.2) for _ in range(15)]
        low, high = bootstrap(before, after, draws=400)
        held += low <= 2 <= high
    assert 180 <= held <= 200
    assert bootstrap(before, after) == bootstrap(before, after)


def test_it_reads_well():
    told = Ratio(before=(2.1,) * 7, after=(1.0,) * 7)
    assert repr(told) == "2.1 times as fast (2.1 to 2.1; 7 interleaved runs each)"
    assert repr(Ratio((1234.0,) * 3, (1.0,) * 3, "cpu")).startswith(
        "1,234 times as fast (1,234 to 1,234; 3 inter"
    )
    assert repr(Ratio((10.0,) * 3, (1.0,) * 3)).startswith("10 times as fast")
    assert repr(Ratio((1.0,) * 3, (0.0,) * 3)).startswith("1,000,000,000 times")


def raise_after(pinned, threads):
    assert (pinned, threads) == (True, 1)
    raise ZeroDivisionError


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_one_blas_thread():
    pytest.importorskip("numpy")
    before = blas_threads()
    if not before:
        pytest.skip("NumPy brings no BLAS here that can be told")
    with threadpool_limits(2, user_api="blas"):
        with pytest.raises(ZeroDivisionError), one_blas_thread() as pinned:
            raise_after(pinned, max(blas_threads()))
        assert blas_threads() == [2] * len(before)
    assert blas_threads() == before


def nothing(self, **_):
    return ThreadpoolController._from_controllers([])


def test_blas_before_numpy_is_imported_and_where_it_cannot_be_told(monkeypatch):
    script = (
        "import os\nfrom kettle.probes.engines.blas import one_blas_thread\n"
        "with one_blas_thread() as pinned: print(pinned, os.environ['OPENBLAS_NUM_THREADS'])\n"
        "print(os.environ.get('OPENBLAS_NUM_THREADS'))"
    )
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=clean, timeout=60, check=True
    )
    assert done.stdout.split() == ["True", "1", "None"]
    monkeypatch.setitem(sys.modules, "numpy", sys)
    monkeypatch.setattr("threadpoolctl.ThreadpoolController.select", nothing)
    for name in ("OPENBLAS", "OMP", "MKL"):
        monkeypatch.delenv(f"{name}_NUM_THREADS", raising=False)
    monkeypatch.delenv("VECLIB_MAXIMUM_THREADS", raising=False)
    with pytest.warns(RuntimeWarning, match="before Python starts"), one_blas_thread() as pinned:
        assert not pinned
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare(len, len, [], repeat=3)


def test_an_interval_that_holds_one_is_no_difference():
    told = Ratio((1.0, 2.0, 3.0, 1.0, 2.0), (1.1, 1.9, 3.1, 1.0, 2.0))
    assert told.low <= 1 <= told.high
    assert repr(told) == "as fast: no difference that this machine can tell (5 interleaved runs each)"
