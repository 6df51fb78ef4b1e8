"""A benchmark that lies: the time of a run, divided by the number of its calls, is a wait that no caller had."""

import asyncio
import time

from kettle.checking import words_of
from kettle.checking.equivalence import Situation, Told
from kettle.checking.reports import (
    numbers,
    observed,
    percentiles,
    throughput,
    time_of,
)

from .world import _right, _short

MISTAKE = words_of(__file__).lesson.mistake

PATIENCE = 0.6  # seconds that a call waits for others


SLOW = (1, 2.6, 1.8)  # how slow the runs are: the quickest not the last, the slowest neither first nor last


SLOWEST = 0.05  # seconds, and its runs come in another order: none of them is the best one in all numbers


# All of it in virtual time, whichever clock an answer reads (`told_time`): what the operations wait for is all
# that takes time, so a report is compared with a record that no machine can blur (kettle.checking.reports).


def check_same_runs(benchmark, same, rng, told_time):
    """So many runs of so many calls are made, and their throughput is told."""
    calls, runs = rng.randint(24, 36), 2

    async def report(f, w):
        async def behave(number):
            await asyncio.sleep(0.003 * w.slow * (1 + 2 * (number // calls)))

        return await _all_at_once(f, w, behave, calls, runs)

    async def late(f, w):
        return await _all_at_once(f, w, lambda number: asyncio.sleep(number % 2), calls, runs)

    situations = (
        Situation("all calls are made at once", report),
        Situation(
            "the service is slower at the second benchmark", report, between=lambda w: setattr(w, "slow", 3)
        ),
        Situation("a second report is asked for", report, again=True),
        Situation("half of the answers are late", late, impatient=True),
    )
    right = [_right(each, calls=calls * runs) for each in situations]
    told_time(lambda: same(benchmark, observed, right))


def check_each_call_is_timed(benchmark, same, rng, told_time):
    """The percentiles are those of the calls' own times, run by run, without the warm-up."""
    calls, warm_up = 120, rng.randint(11, 14)
    delays = [0.002] * 102 + [0.016] * 14 + [SLOWEST] * 4
    rng.shuffle(delays)

    async def behave(number):
        run, call = divmod(number - warm_up, calls)
        slow = SLOW[run - (delays[call] == SLOWEST)] if 0 <= run < len(SLOW) else 0.06 / delays[call]
        await asyncio.sleep(slow * delays[call])

    given = {"calls": calls, "runs": len(SLOW), "at_once": rng.randint(18, 22), "warm_up": warm_up}
    situation = Situation("most calls are quick and some are slow", _times(behave, given))
    told_time(lambda: same(benchmark, observed, [_right(situation, failed=0)]))
    return "p50, p95, p99 and the throughput are those that the operation itself recorded, in each of 3 runs."


def check_failures_are_counted(benchmark, same, rng, told_time):
    """A call that fails stops nothing, is counted, and is no quick answer."""
    calls, warm_up, at_once, answered = 250, 8, 25, 110
    slowly = {*range(at_once), calls - 1}  # before the first answer in each place, and after the last
    failing = {*slowly, *rng.sample(range(at_once, calls - 1), calls - answered - len(slowly))}
    errors = [OSError("refused"), TimeoutError(), ValueError("cannot be read"), LookupError("nobody")]

    async def behave(number):
        call = (number - warm_up) % calls
        if call in slowly:
            await asyncio.sleep(0.02)
        if call in failing or number < warm_up:
            raise rng.choice(errors)
        await asyncio.sleep(0.004 * (1 + call / calls))

    given = {"calls": calls, "runs": 2, "at_once": at_once, "warm_up": warm_up}
    when = f"all calls to warm up fail, and {len(failing)} of {calls} in each run"
    situation = Situation(when, _times(behave, given))
    told_time(lambda: same(benchmark, observed, [_right(situation, failed=2 * len(failing))]))
    return f"{2 * len(failing)} calls failed, were counted, and are in no other number."


def check_as_many_as_the_limit(benchmark, same, rng, told_time):
    """As many calls are under way as may be, and a slow one holds up nobody else."""
    calls, at_once, warm_up = rng.randint(36, 48), rng.randint(4, 6), rng.randint(8, 10)
    slow = warm_up + rng.randrange(at_once)

    async def report(f, w):
        all_begun = asyncio.Event()

        async def behave(number):
            if number == warm_up + calls - 1:
                all_begun.set()
            if number == slow:
                await w.patiently(all_begun, PATIENCE)
            else:
                await _short(number)

        told = await w.report(f, behave, calls=calls, runs=1, at_once=at_once, warm_up=warm_up)
        w.runs(calls, 1, warm_up)
        w.limit(at_once)
        most, begun = w.service.most, w.begun - warm_up
        if w.begun:
            raise Told(
                f"only {begun} of {calls} calls were begun before it was answered. What do the others wait for?"
            )
        if most < at_once:
            raise Told(f"at most {most} were under way at once. What do calls wait for, besides a place?")
        return {"failed": told.get("failed")}

    limited = Situation(f"{at_once} calls may be under way, and one is slow", report)
    few = Situation("more may be under way than there are", lambda f, w: _all_at_once(f, w, _short, 3, 1, 9))
    told_time(lambda: same(benchmark, observed, [_right(limited, failed=0), _right(few, calls=3)]))
    return f"With a limit of {at_once}, {at_once} calls were under way, and a slow one held up none of the others."


async def _all_at_once(f, w, behave, calls, runs, at_once=None):
    report = await w.report(f, behave, calls=calls, runs=runs, at_once=at_once or calls, warm_up=0)
    throughput(report, w.runs(calls, runs, 0), w.called, time.perf_counter())
    return {"calls": len(w.service.spans)}


def _times(behave, given):
    async def report(f, w):
        told = await w.report(f, behave, **given)
        over = time.perf_counter()
        if "p50" not in told and "average" in told:
            least, said = min(each.seconds for each in w.service.spans), max(told["average"])
            raise Told(
                f"the report says {time_of(said)}, and no call was answered in less than {time_of(least)}: {MISTAKE}. "
                "Where does a stopwatch belong?"
            )
        numbers(told, "failed")
        phases = w.runs(given["calls"], given["runs"], given["warm_up"])
        w.limit(given["at_once"])
        failed = sum(span.failed for run in phases[1:] for span in run)
        if told["failed"] != failed:
            raise Told(
                f"`failed` is {told['failed']}, and {failed} calls failed in the runs. Which are counted?"
            )
        percentiles(told, phases, (50, 95, 99), MISTAKE)
        throughput(told, phases, w.called, over)
        return {"failed": told["failed"]}

    return report
