"""Clocks that are told the time: however code reads one, no machine can blur what it says."""

import asyncio
import random
import re
import textwrap
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest
from contract import answers_of

from kettle.checking import Undecided
from kettle.checking.causes.virtually import OtherTimes, told_time
from kettle.checking.checks import checks_of, folder_of, function_of
from kettle.checking.reports import observed
from kettle.checking.runner.judge import judge
from kettle.probes.engines import clocks
from kettle.probes.engines.own_thread import OwnThread
from kettle.probes.recorded import Recorded

LESSON = "04_benchmark_that_lies"


def stand_still(seconds):
    """Let real seconds pass, as on a machine that has better things to do; `time.sleep` is virtual."""
    threading.Event().wait(seconds)


@pytest.fixture(scope="module", autouse=True)
def installed():
    clocks.install()
    yield
    clocks.remove()


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
    from kettle.probes.virtual_time.told import EPOCH

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
        timer = asyncio.create_task(asyncio.sleep(0.01))
        due = time.perf_counter() + 0.02
        while time.perf_counter() < due:
            if polite:
                await asyncio.sleep(0)
        return time.perf_counter() - due, timer.done(), asyncio.get_running_loop().turns

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


def test_a_report_that_never_comes_is_told_at_once():
    async def stands(operation):
        await operation()
        await asyncio.get_running_loop().create_future()

    async def body():
        with observed() as seen:
            await seen.report(stands, lambda number: asyncio.sleep(0.01))

    before = time.perf_counter()
    with pytest.raises(AssertionError, match="no report comes: 1 calls were begun, and none"):
        told_time(body)
    assert time.perf_counter() - before < 10


SLEEPS = "await asyncio.sleep(max(0, due - time.perf_counter()))"
LOOKS = "while time.perf_counter() < due:\n                await asyncio.sleep({})"
OWN_CLOCK = (
    "import time\nclass Watch:\n    def __init__(self, clock=time.monotonic):\n        self.now = clock\n"
)
OTHERWISE = {
    "by name": ("lesson-fix", "from time import perf_counter", "time.perf_counter()", "perf_counter()"),
    "a class": ("lesson-fix", OWN_CLOCK, "time.perf_counter()", "Watch().now()"),
    "timeit's": ("exercise-fix", "import timeit", "time.perf_counter()", "timeit.default_timer()"),
    "the loop's": ("lesson-fix", "", "time.perf_counter()", "asyncio.get_event_loop().time()"),
    "who looks now and then": ("exercise-fix", "", SLEEPS, LOOKS.format(0.01)),
    "who does nothing but look": ("exercise-fix", "", SLEEPS, LOOKS.format(0)),
    "a thread that sleeps": ("exercise-fix", "", "asyncio.sleep(", "asyncio.to_thread(time.sleep, "),
}


@pytest.mark.parametrize("way", OTHERWISE)
def test_a_right_answer_may_read_the_time_otherwise(way):
    name, before, old, new = OTHERWISE[way]
    (answer,) = (each for each in ANSWERS if each.name == name)
    assert old in answer.source
    source = f"{before}\n{answer.source.replace(old, new)}"
    assert verdict(replace(answer, source=source)) == ("passed", "")


def test_a_clock_that_nobody_can_set_gets_no_verdict():
    foreign = "import os\ndef now():\n    return os.times().elapsed\n"
    (answer,) = (each for each in ANSWERS if each.name == "lesson-fix")
    source = foreign + answer.source.replace("time.perf_counter()", "now()")
    outcome, message = verdict(
        replace(answer, source=source.replace("(now() - began)", "max(now() - began, 1)"))
    )
    assert outcome == "undecided", message
    assert "has read none of them" in message


ANSWERS = [answer for answer in answers_of(LESSON) if answer.role != "starter"]
CHOSEN = ("lesson-fix", "lesson-wrong-warm", "lesson-wrong-queue", "lesson-alternative-quantiles")
CHOSEN += ("exercise-fix", "failures-timed", "exercise-wrong-all", "exercise-wrong-drift")


@pytest.mark.parametrize("name", CHOSEN)
def test_a_machine_that_stands_still_changes_no_verdict(name, monkeypatch):
    (answer,) = (each for each in ANSWERS if each.name == name)
    random.seed(4)  # both times the check draws the same
    quiet = verdict(answer)
    operation, moments = Recorded.operation, random.Random(4)

    async def stands_still(self):
        if moments.random() < 0.05:
            stand_still(moments.choice((0.002, 0.02)))
        try:
            return await operation(self)
        finally:
            if moments.random() < 0.05:
                stand_still(0.002)

    monkeypatch.setattr(Recorded, "operation", stands_still)
    random.seed(4)
    assert verdict(answer) == quiet
    assert (quiet[0] == "passed") == (answer.role in ("fix", "alternative"))
    assert answer.says in quiet[1]


def verdict(answer):
    """Return the outcome, and the message without its numbers."""
    imports = "import asyncio, itertools, math, random, time"
    percentile = """
def percentile(times, share):
    return sorted(times)[math.ceil(share / 100 * len(times)) - 1]
"""
    names = defined(f"{imports}\n{percentile}\n{answer.source}", __name__="__main__")
    thread = OwnThread()
    try:
        for check in checks_of(LESSON, answer.kind):
            home = (folder_of(LESSON), answer.kind)
            found = judge(check, function_of(*home, check), names, thread, home=home)
            if found.outcome != "passed":
                break
    finally:
        thread.close()
    return found.outcome, re.sub(r"\d[\d.,]*", "#", found.message) if found.outcome != "passed" else ""
