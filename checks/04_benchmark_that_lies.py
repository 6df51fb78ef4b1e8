"""A benchmark that lies: the time of a run, divided by the number of its calls, is a wait that no caller had."""

import asyncio
import time
from dataclasses import replace

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.reports import (
    BELOW,
    STEP,
    OtherTimes,
    caught_up,
    numbers,
    observed,
    percentiles,
    sent_when_due,
    since_due,
    throughput,
    time_of,
)
from kettle.checking.same import Situation, Told

MISTAKE = "the time of a run divided by the number of its calls is nobody's wait"
EXERCISE_MISTAKE = "the calls that were due meanwhile were not made, so nobody is seen to wait"
GONE = "The division is gone: each call is timed, the slow end shows, and failures are counted."
EXERCISE_GONE = "The politeness is gone: each call is sent when it is due, and its wait counts from then on."

HINTS = (
    "Look at the picture: no call took as little as the reported average. Which two numbers does the report divide?",
    "Whoever calls waits from the call to the answer. So each call needs a stopwatch of its own, and a run gives a list "
    "of times. Where does the clock start, if the call has to wait for its turn first?",
    "A function of your own for one call: `async with limit:` (an `asyncio.Semaphore(at_once)`), read the clock, "
    "`try: await operation()`, `except Exception: failed += 1`, `else: times.append(…)`. `gather` many of them for a run.",
    "For each run: `times, began = [], time.perf_counter()`, then `await asyncio.gather(*(one_call(times) for _ in "
    "range(calls)))`, and keep `percentile(times, 50)`, … and `len(times) / (time.perf_counter() - began)`. At the end, "
    "`min` and `max` over the runs. The same `gather` over `range(warm_up)` comes first, and nothing of it is kept.",
)

EXERCISE_HINTS = (
    "Look at the picture: what does the load test do in the second in which nobody is answered?",
    "A loop that awaits a call makes the next one only when it has its answer. Customers do not wait for each other: "
    "what has to go on while a call is under way?",
    "Make a task for each call, and let the loop only sleep until the next one is due: `began + number / rate`. "
    "From which moment on did that customer wait?",
    "`async def customer(due): …` awaits the operation and appends `time.perf_counter() - due`; the loop computes "
    "`due = began + number / rate`, sleeps for `max(0, due - time.perf_counter())`, and makes the task. Gather them at the end.",
)

RECALL = (
    Question(
        "A hundred calls of 50 ms each are made at the same time, and all of it takes 50 ms. What is their latency?",
        ("0.5 ms", "50 ms", "5 s"),
        1,
        "Each caller waited for 50 ms. 50 ms / 100 is the throughput, 2,000 a second, written upside down.",
    ),
    Question(
        "A page needs 20 calls, and 4 in 100 calls are slow. How many pages are slow?",
        ("4 in 100", "About 20 in 100", "More than half"),
        2,
        "A page waits for its slowest call; none of twenty is slow with a chance of 0.96 to the power of 20, about 0.44.",
    ),
    Question(
        "A load test waits for each answer before it sends the next call. The service stands still for a second. Its p99?",
        ("About a second", "Hardly changed", "Half a second"),
        1,
        "One call is slow; the others that would have been, were not made. This is called coordinated omission.",
    ),
)

GUESS = Question(
    "In a load test, a service answers 1,000 calls a second. How long does one call take?",
    ("1 ms", "At most 1 ms", "That cannot be told from it"),
    2,
    "With one call at a time it is 1 ms; with a hundred under way it is 100 ms. Throughput and latency are two numbers.",
)

CLAIMS = (
    Claim(
        name="divided",
        said="“The average latency is the duration divided by the number of iterations.”",
        truth=DOES_NOT_HOLD,
        why="Only where calls do not overlap. Where a hundred overlap, it is a hundredth of what each of them takes.",
        ids=("S2.33",),
    ),
    Claim(
        name="throughput",
        said="“For asynchronous code, throughput is the metric that counts.”",
        truth=PARTLY,
        why="It says how much work gets done. What a caller waits for is the latency, and two services of one throughput "
        "may differ in it by a factor.",
        ids=("S2.4",),
    ),
    Claim(
        name="once",
        said="“Read `perf_counter` before and after the call, and you know how fast it is.”",
        truth=PARTLY,
        why="It is the right clock. But one reading is one draw: the same work against itself comes out slower or faster.",
        ids=("S1.15",),
    ),
    Claim(
        name="before_after",
        said="“Measure once before and once after the change; the difference is the gain.”",
        truth=DOES_NOT_HOLD,
        why="Runs of one program differ, too. A gain is seen where it is larger than that: repeat both, in turn.",
        ids=("S2.34",),
    ),
)

EXCUSED = {
    "failures": "What fails is a call, and that is counted: the benchmark itself has nothing to raise.",
    "overlap": "Two benchmarks at once would measure each other: one that waits for the other does well.",
}
EXERCISE_EXCUSED = {
    "failures": "What fails is a call, and that is counted: the load test itself has nothing to raise.",
    "overlap": "Two load tests at once would be one with a higher rate: one that waits for the other does well.",
}

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


# --- the exercise: calls that were never made


def check_exercise_same_calls(load_test, same, rng, told_time):
    """So many calls are made, and failures are counted."""
    calls, rate = rng.randint(12, 16), 1500
    failing = rng.sample(range(2, calls - 2), 4)  # some are answered before, and some are under way then
    errors = dict(
        zip(failing, (OSError("refused"), TimeoutError(), ValueError("no JSON"), LookupError()), strict=True)
    )

    def report(*fail, seconds=0.001, hurried=False):
        async def call(f, w):
            async def behave(number):
                await asyncio.sleep(seconds if w.slow == 1 and number % 2 else 0.001)
                if number in (fail if w.slow == 1 else failing[:2]):
                    raise errors[number]

            told = await w.report(f, behave, rate=rate, calls=calls)
            numbers(told, "p50", "p99", "slowest")
            if not hurried:
                sent_when_due(w, rate)
                _possible(w, told)
            return {"failed": told.get("failed"), "calls": len(w.service.spans)}

        return call

    def changed(w):
        w.slow = 2

    situations = (
        (Situation("all calls are answered", report()), 0),
        (Situation("four calls fail", report(*failing)), 4),
        (
            Situation(
                "the second of two load tests is quicker, and calls fail",
                report(seconds=0.05),
                between=changed,
            ),
            2,
        ),
        (Situation("a second report is asked for", report(failing[0]), again=True), 1),
        (Situation("half of the answers are late", report(seconds=1, hurried=True), impatient=True), 0),
    )
    right = [_right(each, failed=failed, calls=calls) for each, failed in situations]
    told_time(lambda: same(load_test, observed, right))


def check_exercise_first_at_once(load_test, same, told_time):
    """The first call is due at once, and its time ends long before the next one is due."""
    rate, calls = 2, 2

    async def report(f, w):
        told = await w.report(f, _short, rate=rate, calls=calls)
        w.count(calls)
        waited = w.service.spans[0].began - w.called
        if waited > 0.1 / rate:
            raise Told(f"no call was made in {time_of(waited)}: the first is due at once.")
        return _due(w, told, rate, slowest=100)

    situation = Situation(f"{rate} calls a second are to be made", report)
    told_time(lambda: same(load_test, observed, [_right(situation, failed=0)]))


def check_exercise_sent_when_due(load_test, same, rng, told_time):
    """Each call is sent when it is due, also while others wait."""
    calls, rate, first, waiting, patience = 360, rng.randint(31, 35), rng.randint(8, 12), 210, 10

    async def report(f, w):
        enough = asyncio.Event()

        async def behave(number):
            if number >= first + waiting - 1:
                enough.set()
            waits = first <= number < first + waiting and not w.begun
            await (w.patiently(enough, patience) if waits else _short(number))
            if number == first:
                await asyncio.sleep(1)  # the slowest is slower than the next one by far

        told = await w.report(f, behave, rate=rate, calls=calls)
        w.count(calls)
        if w.begun:
            most = f"{w.service.most} {'was' if w.service.most == 1 else 'were'}"
            raise Told(
                f"{patience * rate} calls are due in {patience} seconds without an answer, and at most {most} under "
                f"way: {EXERCISE_MISTAKE}. What does the next call wait for?"
            )
        return _due(w, told, rate)

    situation = Situation("the service stands still", report)
    told_time(lambda: same(load_test, observed, [_right(situation, failed=0)]))
    return f"While nobody was answered, {waiting} calls were sent, each when it was due."


def check_exercise_waits_from_when_it_was_due(load_test, same, rng, told_time):
    """A call that is sent late has waited since it was due, and one that fails is no answer."""
    calls, rate, later, held = 120, rng.randint(620, 660), rng.randint(18, 22), 0.12
    failing = rng.sample(range(1, later - 2), 5)

    def report(blocks):
        async def call(f, w):
            async def behave(number):
                if number == blocks:
                    time.sleep(held)  # noqa: ASYNC251 - the load test itself is held up
                if number in failing:
                    await asyncio.sleep(0.3)
                    raise LookupError("given up by the other side")
                await _short(number)

            told = await w.report(f, behave, rate=rate, calls=calls)
            w.count(calls)
            caught_up(w, rate, held, w.service.spans[blocks].began + held)
            return _due(w, told, rate)

        return call

    situations = (
        Situation("the load test is held up for a moment", report(later)),
        Situation("the load test is held up by its first call", report(0)),
    )
    right = [_right(each, failed=len(failing)) for each in situations]
    told_time(lambda: same(load_test, observed, right))


# --- what the checks share


def _right(situation, **truth):
    return replace(situation, truth=lambda w: dict(truth))


async def _short(number):
    await asyncio.sleep(0.001)


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


def _possible(w, report):
    took = time.perf_counter() - w.called
    if report["slowest"] > took + STEP:
        slowest = time_of(report["slowest"])
        raise Told(
            f"`slowest` is {slowest}, and the load test took {time_of(took)}. What is kept from another?"
        )
    least = min(span.seconds for span in w.service.spans if not span.failed)
    if report["p50"] < BELOW * least - STEP:
        raise OtherTimes(
            f"`p50` is {time_of(report['p50'])}, and no answer came in less than {time_of(least)}."
        )


def _due(w, report, rate, **shares):
    shares = shares or {"p50": 50, "p99": 99, "slowest": 100}
    numbers(report, *shares, "failed")
    sent_when_due(w, rate)
    since_due(report, w, rate, shares)
    return {"failed": report["failed"]}
