"""kettle.probes.ratio tells faster, the same within a tenth, or too noisy, whatever the machine does."""

import asyncio
import gc
import math
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
from kettle.probes.ratio import FASTER, SAME, SLOWER, TOO_NOISY, Ratio, compare, compare_async, far_from


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
    found = compare(machine.takes(0.2), machine.takes(0.1))
    assert (found.ratio, found.low, found.high, found.best_ratio) == pytest.approx((2, 2, 2, 2))
    assert found.outcome == FASTER
    assert compare(machine.takes(0.1), machine.takes(0.1)).outcome == SAME
    slower = compare(machine.takes(0.1), machine.takes(0.2))
    assert (slower.outcome, slower.ratio) == (SLOWER, pytest.approx(0.5))


def test_runs_are_interleaved_in_rounds_of_random_order(machine):
    compare(machine.takes(2.0), machine.takes(1.0), enough=lambda found: False)
    rounds = [tuple(machine.log[at : at + 6]) for at in range(4, len(machine.log), 6)]
    assert [sorted(each) for each in rounds] == 15 * [[1.0, 1.0, 1.0, 2.0, 2.0, 2.0]]
    assert len(set(rounds)) > 5


def test_it_stops_when_it_is_decided_and_at_a_bound(machine):
    assert len(compare(machine.takes(0.2), machine.takes(0.1)).before) == 6
    machine.noise = 1.0
    found = compare(machine.takes(0.1), machine.takes(0.1), rounds=7)
    assert (found.outcome, len(found.before), len(found.after)) == (TOO_NOISY, 21, 21)
    impatient = compare(machine.takes(0.1), machine.takes(0.1), patience=0)
    assert len(impatient.before) == 6


def test_whoever_asks_says_when_it_is_enough(machine):
    assert len(compare(machine.takes(0.7), machine.takes(0.1), enough=far_from(3)).before) == 3
    assert len(compare(machine.takes(0.2), machine.takes(0.1), rounds=4, enough=far_from(3)).before) == 12
    assert len(compare(machine.takes(0.1), machine.takes(0.1), enough=far_from(3)).before) == 3


def test_quick_functions_are_called_often_in_a_run(machine):
    compare(machine.takes(1e-5), machine.takes(2.0), rounds=2)
    assert machine.log.count(2.0) == 2 + 6
    assert machine.log.count(1e-5) == 2 + 6 * 100


def test_fresh_arguments_for_each_call(machine):
    lists, seen = [], []

    def make():
        lists.append([1])
        return (lists[-1],)

    def grows(numbers):
        seen.append(len(numbers))
        numbers.append(1)
        machine.now += 0.1

    compare(grows, grows, make=make)
    assert set(seen) == {1}
    assert len(lists) == len(seen) == 2 + 12


def test_real_loads_by_cpu_time():
    def loop(n):
        return sum(i for i in range(n))

    def formula(n):
        return n * (n - 1) // 2

    assert compare(loop, formula, 5000, clock="cpu").outcome == FASTER
    assert compare(formula, loop, 5000, clock="cpu").outcome == SLOWER


def test_cpu_time_leaves_waiting_out():
    def waits():
        time.sleep(0.01)

    def works():
        return sum(range(200_000))

    assert compare(waits, works, clock="cpu", shortest=0).ratio < 1


def test_coroutine_functions():
    async def slow(n):
        for _ in range(n):
            await asyncio.sleep(0.02)
        return n

    async def quick(n):
        await asyncio.gather(*(asyncio.sleep(0.02) for _ in range(n)))
        return n

    found = asyncio.run(compare_async(slow, quick, 5))
    assert found.outcome == FASTER
    assert len(found.before) == len(found.after) >= 6


def test_wrong_uses_say_so():
    async def page():
        pass

    with pytest.raises(TypeError, match="await compare_async"):
        compare(page, page)
    with pytest.raises(ValueError, match="two rounds or more"):
        compare(len, len, [], rounds=1)
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


def test_it_reads_well():
    found = Ratio((2.1,) * 6, (1.0,) * 6)
    assert repr(found) == "about 2.1 times as fast (2.1 to 2.1)"
    assert (
        repr(Ratio((1.0,) * 6, (1.5,) * 6, "cpu"))
        == "slower, by a factor of about 1.5 (1.5 to 1.5, CPU time)"
    )
    assert repr(Ratio((1.04,) * 6, (1.0,) * 6)) == "just as fast, the same within a tenth (1.04 to 1.04)"
    assert repr(Ratio((1234.0,) * 6, (1.0,) * 6)) == "about 1,234 times as fast (1,234 to 1,234)"
    assert repr(Ratio((1.0,) * 6, (0.0,) * 6)).startswith("about 1,000,000,000 times")
    assert repr(Ratio((0.0,) * 6, (0.0,) * 6)).startswith("just as fast")
    noisy = Ratio((3.0, 3.1, 2.9, 3.0, 3.2, 1.0), (1.0, 1.1, 0.9, 1.0, 1.1, 3.0))
    assert repr(noisy) == "about 2.9 times as fast so far (0.33 to 3.4: too noisy to say)"


def test_an_interval_that_holds_one_does_not_make_two_versions_the_same():
    wide = Ratio((0.319, 0.4, 0.1, 0.3, 0.35, 0.09), (0.0997, 0.1, 0.1, 0.11, 0.1, 0.12))
    assert wide.low <= 1 <= wide.high
    assert (wide.outcome, wide.decided) == (TOO_NOISY, False)
    assert "the same" not in repr(wide)


def test_a_single_round_tells_nothing_for_certain():
    found = Ratio((3.0,) * 3, (1.0,) * 3)
    assert (found.low, found.high, found.outcome) == (0, math.inf, TOO_NOISY)


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
        compare(len, len, [], rounds=2)
