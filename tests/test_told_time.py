"""Clocks that are told the time: however code reads one, no machine can blur what it says."""

import asyncio
import textwrap
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from kettle.checking import Undecided
from kettle.checking.causes.told_time import OtherTimes, told_time
from kettle.probes.engines.clocks import install, remove


def stand_still(seconds):
    """Let real seconds pass, as on a machine that has better things to do; `time.sleep` is virtual."""
    threading.Event().wait(seconds)


@pytest.fixture(scope="module", autouse=True)
def installed():
    install()
    yield
    remove()


def defined(code, **names):
    """Run code as a cell would be, and return what it defines."""
    exec(compile(textwrap.dedent(code), "<ipython-input-1-told>", "exec"), names)
    return names


WAYS = {
    "perf_counter": "import time; read = lambda: time.perf_counter()",
    "by name": "from time import perf_counter as read",
    "a default argument": "import time\ndef read(clock=time.monotonic): return clock()",
    "a keyword's default": "import time\ndef read(*, clock=time.time): return clock()",
    "a closure": "import time\ndef make(clock): return lambda: clock()\nread = make(time.perf_counter)",
    "a partial": "import time, functools\nread = functools.partial(time.perf_counter)",
    "a class": "import time\nclass Watch:\n  clock = staticmethod(time.monotonic)\nread = Watch.clock",
    "a field": "import time, types\nnames = types.SimpleNamespace(now=time.time)\nread = lambda: names.now()",
    "nanoseconds": "import time\nread = lambda: time.perf_counter_ns() / 1e9",
    "monotonic_ns": "import time\nread = lambda: time.monotonic_ns() / 1e9",
    "time_ns": "import time\nread = lambda: time.time_ns() / 1e9",
    "timeit's": "import timeit\nread = timeit.default_timer",
    "datetime.now": "from datetime import datetime\nread = lambda: datetime.now().timestamp()",
    "datetime.today": "from datetime import datetime\nread = lambda: datetime.today().timestamp()",
    "with a zone": "import datetime as dt\nread = lambda: dt.datetime.now(dt.UTC).timestamp()",
    "utcnow": "from datetime import datetime as d\nread = lambda: (d.utcnow() - d.min).total_seconds()",
    "the loop's": "import asyncio\nread = lambda: asyncio.get_running_loop().time()",
}
if hasattr(time, "clock_gettime"):
    WAYS["by number"] = "import time\nread = lambda: time.clock_gettime(time.CLOCK_MONOTONIC)"
    WAYS["by number, ns"] = "import time\nread = lambda: time.clock_gettime_ns(time.CLOCK_REALTIME) / 1e9"


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.parametrize("way", WAYS)
def test_every_clock_shows_the_virtual_time(way):
    read = defined(WAYS[way])["read"]

    async def body():
        began = read()
        stand_still(0.03)  # a machine that stands still
        await asyncio.sleep(0.25)
        return read() - began

    assert told_time(body) == pytest.approx(0.25, abs=3e-6)


def test_timeit_times_what_waits_in_virtual_time():
    async def body():
        names = defined("import time, timeit; statement = lambda: time.sleep(0.5)")
        statement, timeit = names["statement"], names["timeit"]
        found = timeit.timeit(statement, number=4), timeit.repeat(statement, number=1, repeat=2)
        return *found, timeit.Timer(statement).timeit(2)

    total, each, by_hand = told_time(body)
    assert (total, by_hand) == (pytest.approx(2), pytest.approx(1))
    assert each == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("name", ["process_time", "thread_time", "process_time_ns"])
def test_the_processors_clock_stands_still_while_calls_wait(name):
    async def body():
        began = getattr(time, name)()
        await asyncio.sleep(5)
        return getattr(time, name)() - began

    assert 0 < told_time(body) < (1e5 if name.endswith("ns") else 1e-4)


def test_everybody_else_has_the_real_time():
    seen = []

    async def body():
        other = threading.Thread(target=lambda: seen.append(time.monotonic()))
        stop.set()
        await asyncio.sleep(1000)
        return other

    def outside():
        stop.wait()
        seen.append(time.time())

    stop, thread = threading.Event(), threading.Thread(target=outside)
    thread.start()
    told_time(body)
    thread.join()
    assert abs(seen[0] - time.time()) < 100
    assert time.time() > clocks_epoch() + 1


def clocks_epoch():
    from kettle.checking.causes.told_time import EPOCH

    return EPOCH


def test_a_datetime_is_what_it_was():
    names = defined("from datetime import datetime, UTC, timedelta\nmade = datetime(2026, 1, 2, tzinfo=UTC)")
    import datetime as dt
    import pickle

    assert repr(names["made"]).startswith("datetime.datetime(2026, 1, 2")
    assert isinstance(names["made"], dt.datetime)
    assert pickle.loads(pickle.dumps(names["made"])) == names["made"]
    assert isinstance(dt.date(2026, 1, 2), dt.date)
    assert not isinstance(dt.date(2026, 1, 2), dt.datetime)
    assert issubclass(dt.datetime, dt.date)
    assert names["made"] + names["timedelta"](days=1) == dt.datetime(2026, 1, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize("polite", [True, False])
def test_who_only_looks_at_a_clock_sees_it_move(polite):
    async def body():
        loop: Any = asyncio.get_running_loop()
        timer = asyncio.create_task(asyncio.sleep(0.01))
        due = time.perf_counter() + 0.02
        while time.perf_counter() < due:
            if polite:
                await asyncio.sleep(0)
        return time.perf_counter() - due, timer.done(), loop.turns

    over, done, turns = told_time(body)
    assert 0 <= over < 0.001
    assert done == polite
    assert turns < 2000, "or a check of who looks at the clock takes seconds"


def test_many_turns_in_one_instant_take_no_time():
    async def body():
        began = time.perf_counter()
        for _ in range(500):
            await asyncio.sleep(0)
            time.perf_counter()
        return time.perf_counter() - began

    assert told_time(body) == 0


def test_what_cannot_be_told_the_time_is_undecided():
    async def other_loop():
        try:
            return await asyncio.to_thread(lambda: asyncio.new_event_loop().run_forever())
        except RuntimeError:
            raise AssertionError("whatever the check made of it") from None

    async def other_process():
        with ProcessPoolExecutor(1) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, time.perf_counter)

    async def another_clock():
        raise AssertionError("too quick") from OtherTimes("too quick")

    with pytest.raises(Undecided, match="uses another event loop"):
        told_time(other_loop)
    with pytest.raises(Undecided, match="uses other processes"):
        told_time(other_process)
    with pytest.raises(Undecided, match="has read none of them"):
        told_time(another_clock)


def test_a_rejection_stays_one_where_a_clock_was_read():
    async def body():
        time.perf_counter()
        raise AssertionError("too quick") from OtherTimes("too quick")

    names = defined("import time\nread = time.perf_counter")

    async def as_a_learner():
        names["read"]()
        await body()

    with pytest.raises(AssertionError, match="too quick"):
        told_time(as_a_learner)


def test_a_lock_that_is_kept_serves_the_next_run_too():
    lock = asyncio.Lock()

    async def body():
        async def holds():
            async with lock:
                await asyncio.sleep(1)

        began = time.perf_counter()
        await asyncio.gather(holds(), holds())
        return time.perf_counter() - began

    assert [told_time(body), told_time(body)] == [pytest.approx(2), pytest.approx(2)]


def test_a_failure_that_nobody_hears_of_is_told():
    async def fails():
        raise LookupError("nobody")

    async def body():
        asyncio.create_task(fails())  # noqa: RUF006 - nobody keeps it
        await asyncio.sleep(0.01)

    with pytest.raises(AssertionError, match=r"nobody was told.*LookupError"):
        told_time(body)
