"""Reports held against the record: what is off is told whose it is, however the clock is read."""

import asyncio
import random
import re
import statistics
import textwrap
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from contract import answers_of

from kettle.checking.causes.virtually import OtherTimes, told_time
from kettle.checking.checks import checks_of, folder_of, function_of, load_module
from kettle.checking.equivalence import Told
from kettle.checking.runner.judge import judge
from kettle.probes.engines import clocks
from kettle.probes.engines.own_thread import OwnThread

LESSON = "04_benchmark_that_lies"
world = load_module(Path(__file__).parent, "world")


@pytest.fixture(scope="module", autouse=True)
def installed():
    clocks.install()
    yield
    clocks.remove()


def said(key, **values):
    return f"{key} {values}"


def told(function, calls=1, behave=lambda number: asyncio.sleep(0.05)):
    """Ask for two reports of one service."""

    async def twice():
        service = world.Service()
        for _ in range(2):
            await service.report(function, behave, said, calls=calls)

    return told_time(twice)


def test_a_report_is_a_dictionary_of_its_own_and_comes_last():
    same, tasks = {}, []

    async def shared(operation, calls):
        await operation()
        return same

    async def early(operation, calls):
        tasks.append(asyncio.create_task(operation()))
        await asyncio.sleep(0)
        return {}

    async def impatient(operation, calls):
        await asyncio.wait([asyncio.create_task(asyncio.wait_for(operation(), 0.01))])
        return {}

    async def number(operation, calls):
        return 5

    async def more(operation, calls):
        await asyncio.gather(operation(), operation())
        return {}

    async def stands(operation, calls):
        await operation()
        await asyncio.get_running_loop().create_future()

    for function, key in (
        (shared, "same_dictionary"),
        (early, "too_early"),
        (impatient, "given_up"),
        (number, "no_dictionary"),
        (more, "calls"),
        (stands, "no_report"),
    ):
        with pytest.raises(AssertionError, match=key):
            told(function)


def test_numbers_are_asked_for_by_name():
    world.numbers({"failed": 0}, said, "failed")
    for given in ({}, {"p50": None}):
        with pytest.raises(Told, match=r"no_number .*p50"):
            world.numbers(given, said, "p50")


@pytest.mark.parametrize("count", [100, 110, 120, 333])
@pytest.mark.parametrize("share", [50, 95, 99])
def test_every_usual_percentile_lies_between_the_ranks(count, share):
    values = [float(n * n) for n in range(count)]
    low, high = world.ranks(values[::-1], share)
    for method in ("inclusive", "exclusive"):
        assert low <= statistics.quantiles(values, n=100, method=method)[share - 1] <= high
    nearest = values[-(-share * count // 100) - 1]
    assert low <= nearest <= high
    assert high - low <= 5 * (2 * count), "a few ranks apart, not more"


def test_a_time_that_is_off_is_told_with_its_cause():
    times = [0.004] * 60 + [0.06] * 40
    compare = partial(world.percentile_of, name="p50", share=50, times=times, why=lambda value: "Whose?")
    compare({"p50": 0.0041})
    with pytest.raises(OtherTimes, match=r"`p50`: expected 4 ms, got 20 ms. Whose\?"):
        compare({"p50": 0.02})


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
        replace(answer, source=source.replace("seconds = now() - began", "seconds = max(now() - began, 1)"))
    )
    assert outcome == "undecided", message
    assert "has read none of them" in message


ANSWERS = [answer for answer in answers_of(LESSON) if answer.role != "starter"]
CHOSEN = ["lesson-fix", "lesson-wrong-failed", "lesson-wrong-queue", "lesson-alternative-quantiles"]
CHOSEN += ["exercise-fix", "failures-timed", "exercise-wrong-all", "exercise-wrong-drift"]


@pytest.mark.parametrize("name", CHOSEN)
def test_a_machine_that_stands_still_changes_no_verdict(name, monkeypatch):
    (answer,) = (each for each in ANSWERS if each.name == name)
    random.seed(4)  # both times the check draws the same
    quiet = verdict(answer)
    service = world.Service
    operation, moments = service.operation, random.Random(4)

    async def stands_still(self):
        if moments.random() < 0.05:
            threading.Event().wait(moments.choice((0.002, 0.02)))
        try:
            return await operation(self)
        finally:
            if moments.random() < 0.05:
                threading.Event().wait(0.002)

    monkeypatch.setattr(service, "operation", stands_still)
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
    code = textwrap.dedent(f"{imports}\n{percentile}\n{answer.source}")
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(code, "<ipython-input-1-told>", "exec"), names)
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
