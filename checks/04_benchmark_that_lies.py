"""A benchmark that lies: the time of a run, divided by the number of its calls, is nobody's wait."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from numbers import Real
from types import SimpleNamespace

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.same import Situation, Told
from kettle.checking.same.sentences import short
from kettle.pictures.units import number as plain
from kettle.pictures.units import seconds
from kettle.probes.recorded import Recorded, clock_step, ranks

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

PATIENCE = 0.6  # seconds; paid by wrong answers only
TRIES = 3
BELOW, ABOVE, STEP = 0.97, 1.5, clock_step()  # between a reading inside of a call and one outside
SLOW = (1, 3, 2)  # how slow the runs are: the quickest is not the last, the slowest neither first nor last


# Real time, not virtual: an answer may read any clock, `time.time` and `datetime.now` among them. So what it
# reports is compared with what the operation itself recorded meanwhile, which a busy machine lengthens likewise.


async def check_same_runs(benchmark, same, rng):
    """So many runs of so many calls are made, and their throughput is told."""
    calls, runs = rng.randint(24, 36), 2

    def report(f, w):
        async def behave(number):
            await asyncio.sleep(0.003 * w.slow * (1 + 2 * (number // calls)))

        return _tries(lambda: _all_at_once(f, w, behave, calls, runs))

    def slower(w):
        w.slow = 3

    situations = (
        Situation("all calls are made at once", report),
        Situation("the service is slower at the second benchmark", report, between=slower),
        Situation("a second report is asked for", report, again=True),
    )
    await same(benchmark, _world, [_right(each, calls=calls * runs) for each in situations])


async def check_each_call_is_timed(benchmark, same, rng):
    """The percentiles are those of the calls' own times, run by run, without the warm-up."""
    calls, warm_up, at_once = 120, rng.randint(11, 14), rng.randint(18, 22)
    delays = [0.002] * 102 + [0.008] * 14 + [0.03] * 4
    rng.shuffle(delays)

    async def behave(number):
        run, call = divmod(number - warm_up, calls)
        await asyncio.sleep(SLOW[run] * delays[call] if 0 <= run < len(SLOW) else 0.05)

    def report(f, w):
        return _tries(lambda: _report(f, w, behave, calls, len(SLOW), at_once, warm_up))

    situation = Situation("most calls are quick and some are slow", report)
    await same(benchmark, _world, [_right(situation, failed=0)])
    return "p50, p95, p99 and the throughput are those that the operation itself recorded, in each of 3 runs."


async def check_failures_are_counted(benchmark, same, rng):
    """A call that fails stops nothing, is counted, and is no quick answer."""
    calls, warm_up, at_once, answered = 250, 8, 25, 110
    failing = set(rng.sample(range(calls), calls - answered))
    errors = [OSError("refused"), TimeoutError(), ValueError("cannot be read"), LookupError("nobody")]

    async def behave(number):
        if (number - warm_up) % calls in failing or number in (1, 3):
            raise rng.choice(errors)
        await asyncio.sleep(0.004)

    def report(f, w):
        return _tries(lambda: _report(f, w, behave, calls, 2, at_once, warm_up))

    situation = Situation(f"{len(failing)} of {calls} calls fail at once", report)
    await same(benchmark, _world, [_right(situation, failed=2 * len(failing))])
    return f"{2 * len(failing)} calls failed, were counted, and are in no other number."


async def check_as_many_as_the_limit(benchmark, same, rng):
    """As many calls are under way as may be, and a slow one holds up nobody else."""
    calls, at_once, warm_up = rng.randint(36, 48), rng.randint(4, 6), rng.randint(8, 10)
    slow = warm_up + rng.randrange(at_once)

    async def report(f, w):
        all_begun = asyncio.Event()

        async def behave(number):
            if number == warm_up + calls - 1:
                all_begun.set()
            if number == slow:
                await _patiently(w, all_begun)
            else:
                await asyncio.sleep(0.001 if number < warm_up else 0)

        w.service = Recorded(behave)
        told = await _called(f, w, calls=calls, runs=1, at_once=at_once, warm_up=warm_up)
        _phases(w, calls, 1, warm_up)
        _keeps(w, at_once)
        if w.begun or w.service.most < at_once:
            held = (
                f", and while one was slow, only {w.begun - warm_up} of {calls} were begun" if w.begun else ""
            )
            raise Told(
                f"at most {w.service.most} were under way at once{held}. What do calls wait for, besides a place?"
            )
        return {"failed": told.get("failed")}

    limited = Situation(f"{at_once} calls may be under way, and one is slow", report)
    few = Situation(
        "more calls may be under way than there are", lambda f, w: _all_at_once(f, w, _short, 3, 1, 9)
    )
    await same(benchmark, _world, [_right(limited, failed=0), _right(few, calls=3)])
    return f"With a limit of {at_once}, {at_once} calls were under way, and a slow one held up none of the others."


# --- the exercise: calls that were never made


async def check_exercise_same_calls(load_test, same, rng):
    """So many calls are made, and failures are counted."""
    calls, rate = rng.randint(12, 16), 800
    failing = rng.sample(range(calls), 3)

    def report(*fail):
        async def call(f, w):
            async def behave(number):
                await _short(number)
                if number in (fail if w.slow == 1 else failing[:2]):
                    raise rng.choice([OSError("refused"), TimeoutError()])

            w.service = Recorded(behave)
            told = await _called(f, w, rate=rate, calls=calls)
            _numbers(told, ("p50", "p99", "slowest"))
            return {"failed": told.get("failed"), "calls": len(w.service.spans)}

        return call

    situations = (
        Situation("all calls are answered", report()),
        Situation("three calls fail", report(*failing)),
        Situation(
            "other calls fail in a second load test", report(), between=lambda w: setattr(w, "slow", 2)
        ),
        Situation("a second report is asked for", report(failing[0]), again=True),
    )
    await same(load_test, _world, situations)


async def check_exercise_sent_when_due(load_test, same, rng):
    """Each call is sent when it is due, also while others wait."""
    calls, rate, first, waiting = 115, rng.randint(480, 520), rng.randint(8, 12), 70

    async def report(f, w):
        enough = asyncio.Event()

        async def behave(number):
            if number >= first + waiting - 1:
                enough.set()
            await (
                _patiently(w, enough) if first <= number < first + waiting and not w.begun else _short(number)
            )

        w.service, w.called = Recorded(behave), time.perf_counter()
        told = await _called(f, w, rate=rate, calls=calls)
        _count(w, calls)
        _sent_early(w, rate)
        most = w.service.most
        if w.begun:
            raise Told(
                f"{PATIENCE * rate:.0f} calls are due in {PATIENCE} seconds without an answer, and at most {most} "
                f"{'was' if most == 1 else 'were'} under way: {EXERCISE_MISTAKE}. What does the next call wait for?"
            )
        return _due(w, told, rate)

    situation = Situation("the service stands still", lambda f, w: _tries(lambda: report(f, w)))
    await same(load_test, _world, [_right(situation, failed=0)])
    return f"While nobody was answered, {waiting} calls were sent, each when it was due."


async def check_exercise_waits_from_when_it_was_due(load_test, same, rng):
    """A call that is sent late has waited since it was due."""
    calls, rate, blocks = 115, rng.randint(480, 520), rng.randint(18, 22)

    async def behave(number):
        if number == blocks:
            time.sleep(0.15)  # noqa: ASYNC251 - the load test itself is held up
        await _short(number)

    async def report(f, w):
        w.service, w.called = Recorded(behave), time.perf_counter()
        told = await _called(f, w, rate=rate, calls=calls)
        _count(w, calls)
        return _due(w, told, rate)

    situation = Situation("the load test is held up for a moment", lambda f, w: _tries(lambda: report(f, w)))
    await same(load_test, _world, [_right(situation, failed=0)])


# --- what the checks share


class _Times(Told):
    """A time is not what the record says; where the machine stood still just then, another try will do."""


async def _tries(report):
    for _ in range(TRIES - 1):
        with suppress(_Times):
            return await report()
    return await report()


@contextmanager
def _world():
    yield SimpleNamespace(service=None, slow=1, reports=[], begun=0)


def _right(situation, **truth):
    return replace(situation, truth=lambda w: dict(truth))


async def _short(number):
    await asyncio.sleep(0.001)


async def _patiently(w, event):
    """Keep a call waiting for an event; note how many had begun where that took too long."""
    try:
        async with asyncio.timeout(PATIENCE):
            await event.wait()
    except TimeoutError:
        w.begun = len(w.service.spans)


async def _called(f, w, **given):
    report = await f(w.service.operation, **given)
    if not isinstance(report, Mapping):
        raise Told(f"the report is {short(report)}, and no dictionary.")
    if any(report is each for each in w.reports):
        raise Told(
            "your code hands out one dictionary twice: whoever kept the first report finds other numbers in it."
        )
    w.reports.append(report)
    if w.service.under_way:
        raise Told(
            f"the report comes while {w.service.under_way} calls are under way still. Who waits for them?"
        )
    return report


async def _all_at_once(f, w, behave, calls, runs, at_once=None):
    w.service, w.called = Recorded(behave), time.perf_counter()
    report = await _called(f, w, calls=calls, runs=runs, at_once=at_once or calls, warm_up=0)
    _rates(w, report, [[], *_phases(w, calls, runs, 0)[1:]])
    return {"calls": len(w.service.spans)}


async def _report(f, w, behave, calls, runs, at_once, warm_up):
    w.service, w.called = Recorded(behave), time.perf_counter()
    report = await _called(f, w, calls=calls, runs=runs, at_once=at_once, warm_up=warm_up)
    if "p50" not in report and "average" in report:
        least, most = min(each.seconds for each in w.service.spans), report["average"]
        most = max(most) if isinstance(most, tuple | list) else most
        raise Told(
            f"the report says {seconds(most)}, and no call was answered in less than {seconds(least)}: {MISTAKE}. "
            "Where does a stopwatch belong?"
        )
    _numbers(report, ("failed",))
    phases = _phases(w, calls, runs, warm_up)
    _keeps(w, at_once)
    failed = sum(span.failed for run in phases[1:] for span in run)
    if report["failed"] != failed:
        raise Told(
            f"`failed` is {short(report['failed'])}, and {failed} calls failed in the runs. Which are counted?"
        )
    for share in (50, 95, 99):
        name, own = f"p{share}", [[span.seconds for span in run if not span.failed] for run in phases[1:]]
        bounds = [ranks(times, share) for times in own]
        _pair(
            name,
            report,
            [(low * BELOW - STEP, high * ABOVE + STEP) for low, high in bounds],
            bounds,
            _whose(phases, share),
        )
    _rates(w, report, phases)
    return {"failed": report["failed"]}


def _phases(w, calls, runs, warm_up):
    """Return the spans of the warm-up and of each run."""
    _count(w, warm_up + runs * calls, f": {warm_up} to warm up, and {runs} runs of {calls}")
    edges = [0, *(warm_up + run * calls for run in range(runs + 1))]
    phases = [w.service.spans[start:end] for start, end in pairwise(edges)]
    for run, (before, after) in enumerate(pairwise(phases), 1):
        if before and after and max(each.ended for each in before) > after[0].began:
            of = f"of run {run - 1}" if run > 1 else "to warm up"
            raise Told(f"run {run} began while a call {of} was under way: each spoils the other's times.")
    return phases


def _count(w, calls, of_which=""):
    if len(w.service.spans) != calls:
        raise Told(f"{len(w.service.spans)} calls were made, and not {calls}{of_which}.")


def _keeps(w, at_once):
    if w.service.most > at_once:
        raise Told(
            f"{w.service.most} calls were under way at once, and `at_once` is {at_once}. Where would a call wait?"
        )


def _numbers(report, names):
    for name in names:
        if not isinstance(report.get(name), Real):
            raise Told(
                f"`{name}` is {short(report[name])}, and no number."
                if name in report
                else f"the report has no `{name}`."
            )


def _pair(name, report, allowed, told, why):
    """Compare a pair with what the record allows: the lowest and the highest of the runs."""
    given = report.get(name)
    if (
        not isinstance(given, tuple | list)
        or len(given) != 2
        or not all(isinstance(each, Real) for each in given)
    ):
        raise Told(f"`{name}` is {short(given)}, and no pair: the lowest and the highest of the runs.")
    ranges = [(pick(low for low, _ in allowed), pick(high for _, high in allowed)) for pick in (min, max)]
    if given[0] == given[1] and ranges[0][1] < ranges[1][0]:
        raise _Times(
            f"`{name}` is one number for all {len(allowed)} runs, and they differ. Which of them is it?"
        )
    write = seconds if name != "per_second" else plain
    for side, value, pick, (low, high) in zip(("lowest", "highest"), given, (min, max), ranges, strict=True):
        if not low <= value <= high:
            right = pick((low + high) / 2 for low, high in told)
            raise _Times(
                f"the {side} `{name}` is {write(value)}, and by the operation's own record it is {write(right)}: "
                f"{why(value, right, given)}"
            )


def _whose(phases, share):
    """Return what tells whose a time is that is no such percentile."""
    runs = phases[1:]
    answered = [[span.seconds for span in run if not span.failed] for run in runs]

    def why(value, right, given):
        per_call = [(max(s.ended for s in run) - run[0].began) / len(run) for run in runs]
        if any(0.8 < value / each < 1.25 for each in per_call):
            return f"{MISTAKE}."
        if any(0.93 < value / (sum(times) / len(times)) < 1.07 for times in answered):
            return (
                "it is the mean, which lies between the quick answers and the slow ones. Who waited so long?"
            )
        lines = [ranks([span.ended - run[0].began for span in run], share) for run in runs]
        if value > right and any(0.7 * low < value < ABOVE * high for low, high in lines):
            return "that is counted from the run's beginning. Does its clock start before its turn has come?"
        if any(span.failed for run in runs for span in run) and value < right:
            return "the failed calls are among the times, and a quick failure is no quick answer."
        return "which calls are in the list, and of which run? The warm-up belongs to none."

    return why


def _rates(w, report, phases):
    """Compare the throughput: of the seconds from a run's first call to its last answer, or a little more."""
    over, told, allowed, made = time.perf_counter(), [], [], []
    ends = [w.called, *(max((span.ended for span in phase), default=w.called) for phase in phases)]
    begins = [run[0].began for run in phases[1:]] + [over]
    for at, run in enumerate(phases[1:]):
        answered, inner = sum(not span.failed for span in run), ends[at + 2] - begins[at]
        outer = begins[at + 1] - ends[at + 1]
        told.append((answered / inner, answered / inner))
        made.append(len(run) / inner)
        allowed.append((answered / (outer + STEP) * BELOW, answered / max(inner - STEP, 1e-9) / BELOW))

    def why(value, right, given):
        if value > right and any(0.9 < value / each < 1.1 for each in made) and max(made) > 1.1 * right:
            return "it counts the failed calls, too."
        what = "more than the run" if value < right else "less than the run"
        return f"which seconds are they? They hold {what}, from its first call to its last answer."

    _pair("per_second", report, allowed, told, why)


def _sent_early(w, rate):
    early = [(w.called + n / rate - span.began, n) for n, span in enumerate(w.service.spans)]
    if max(early)[0] > 0.3 / rate + STEP:
        most, n = max(early)
        raise Told(
            f"call {n} was sent {seconds(most)} before it was due, {n} / {rate} seconds after the first."
        )


def _due(w, report, rate):
    """Compare times that run from when calls were due; the first one, from when the load test began."""
    _numbers(report, ("p50", "p99", "slowest", "failed"))
    _sent_early(w, rate)
    spans, first = w.service.spans, w.service.spans[0].began
    least = [span.ended - first - n / rate for n, span in enumerate(spans)]
    most = [span.ended - w.called - n / rate for n, span in enumerate(spans)]
    for name, share in (("p50", 50), ("p99", 99), ("slowest", 100)):
        low, high = (
            (ranks(least, share)[0], ranks(most, share)[1]) if share < 100 else (max(least), max(most))
        )
        if not low * BELOW - STEP <= report[name] <= high * ABOVE + STEP:
            sent = (
                ranks((span.seconds for span in spans), share)
                if share < 100
                else [max(s.seconds for s in spans)] * 2
            )
            since = sent[0] * BELOW <= report[name] <= sent[1] * ABOVE
            raise _Times(
                f"`{name}` is {seconds(report[name])}, and counted from when each call was due it is {seconds(low)}: "
                + (
                    "yours counts from when it was sent. Since when has its customer waited?"
                    if since
                    else "from when do you count?"
                )
            )
    return {"failed": report["failed"]}
