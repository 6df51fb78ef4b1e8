"""Reports held against the record: what is off is told whose it is, however the clock is read."""

import asyncio
import random
import re
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from contract import answers_of

from kettle.checking.causes.told_time import OtherTimes, told_time
from kettle.checking.checks import checks_of, folder_of, function_of, load_module
from kettle.checking.equivalence import Told
from kettle.checking.runner.judge import judge
from kettle.probes.engines.clocks import install, remove
from kettle.probes.engines.own_thread import OwnThread

LESSON = "04_benchmark_that_lies"
world = load_module(Path(__file__).parent, "world")


@pytest.fixture(scope="module", autouse=True)
def installed():
    install()
    yield
    remove()


class Words:
    """Stands for a contract: says a key, and its values."""

    def say(self, key, **values):
        return f"{key} {values}"


def recorded(calls):
    """Return a service after some calls at once, of which the second one fails and the third is given up."""

    async def behave(service, number):
        await asyncio.sleep(0.02 * (3 - number))
        if number == 1:
            raise OSError("refused")

    async def body():
        service = world.Service(behave)
        tasks = [asyncio.create_task(service.operation()) for _ in range(calls)]
        for task in tasks[2:]:
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return service

    return told_time(body)


def test_calls_are_recorded_in_the_order_in_which_they_began():
    service = recorded(2)
    assert [span.failed for span in service.spans] == [False, True]
    assert [span.seconds for span in service.spans] == [pytest.approx(0.06), pytest.approx(0.04)]
    assert [number for number, _ in service.answered()] == [0]
    assert (service.most, service.under_way, service.failed) == (2, 0, 1)


def test_other_calls_and_calls_that_are_given_up_are_told():
    world.judge_calls(Words(), recorded(2), 2)
    with pytest.raises(Told, match=r"calls .*'expected': 5, 'n': 2"):
        world.judge_calls(Words(), recorded(2), 5)
    with pytest.raises(Told, match=r"given_up .*1"):
        world.judge_calls(Words(), recorded(3), 3)


def compare(report, **right):
    return world.compare(Words(), report, right, lambda name, value: f"Whose is {name}?")


def test_a_report_keeps_its_failures_and_is_the_same_object():
    report = {"p50": 0.0041, "failed": 2, "mean": 1.0}
    assert compare(report, p50=0.004) is report
    assert report == {"failed": 2}


@pytest.mark.parametrize("report", [None, 5, {}, {"p50": None}, {"p50": (0.1, 0.2)}])
def test_numbers_are_asked_for_by_name(report):
    with pytest.raises(Told, match=r"no_number .*'p50'"):
        compare(report, p50=0.004)


def test_a_number_that_is_off_is_told_with_its_cause():
    with pytest.raises(OtherTimes, match=r"other .*'4 ms'.*'20 ms'.*Whose is p50"):
        compare({"p50": 0.02}, p50=0.004)
    with pytest.raises(OtherTimes, match=r"other .*'1,000'.*'2,500'.*Whose is per_second"):
        compare({"p50": 1.5, "per_second": 2500}, p50=1.5, per_second=1000)


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


@pytest.mark.every
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


@pytest.mark.every
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
