"""Stop at the function: one of its lines has nearly all of the time, and nobody asks which, and why."""

import random
from datetime import datetime, timedelta

from kettle.checking.equivalence import Situation
from kettle.probes.calls import count_calls

from .world import _after_a_stop, _all_here, _growth

MINUTES = 3 * 24 * 60  # as long a log as the exercise leaves room for


def check_same_report(busy_minutes, same, rng):
    """The report says of each minute what it said before."""
    start, late = datetime(2026, 11, 20, 18, 59), datetime(2026, 11, 30, 23, 59, 58)
    shuffled = _log([start + timedelta(minutes=n) for n in range(3)], 5, rng)
    days = [late + timedelta(days=more, seconds=5) for more in (365, 0, -1, -31)]
    months = [datetime(2024, 1 + n * 7 % 12, 29, n) for n in range(12)]

    def logs(when, *lines, **more):
        def prepare(w):
            w.log = list(lines)

        return Situation(when, lambda f, w: f(w.log), prepare, ordered_keys=True, **more)

    def line(at, ms=7):
        return f"{at:%d/%b/%Y:%H:%M:%S} GET /teas 200 {ms}"

    def twice(f, w):
        return f(list(shuffled)) and f(list(shuffled))

    situations = (
        logs("a log of three servers comes", *shuffled),
        Situation("two reports are made of one log", twice, why="What is kept from one report to the next?"),
        logs("a report is made again", *shuffled, again=True),
        logs("a log grows between two reports", *shuffled, between=lambda w: w.log.append(line(start, 90))),
        _after_a_stop("the report before was stopped by a line", [line(late), line(late, "-")], [line(late)]),
        logs("two days have the same time of day", line(late, 3), line(late - timedelta(days=1), 4),
             why="A minute belongs to its day."),
        logs("a log goes over the end of a month", *map(line, days),
             why={"order": "The minutes stand in the order of time, which is not that of their text."}),
        logs("seconds differ in one minute", line(late, 3), line(late.replace(second=0), 4), line(late, 0)),
        logs("every month comes", *map(line, months)),
        logs("the lines of a minute took no time", line(late, 0), line(start, 5), line(late, 0)),
        logs("there is no line"),
        logs("there is one line", line(late)),
        logs("a line comes twice", line(late), line(late)),
        logs("a path holds spaces", line(late).replace("teas", "a b/200 9")),
        *(
            logs(f"a line says {text}", line(late), f"{text}:00 GET /teas 200 7", line(late))
            for text in ("31/Feb/2026:10:00", "30/Nov/2026:24:00", "30/Nov/2026:10:60",
                         "30/Xyz/2026:10:00", "30/ovD/2026:10:00")
        ),
        *(
            logs(f"a line has {text!r} for milliseconds", line(late), line(late, text))
            for text in ("-", "12.5", "1O5")
        ),
    )  # fmt: skip
    which = "Are the minutes `datetime`, without seconds, and each of its own day?"
    same(busy_minutes, None, situations, noun="minute", why={"missing": which, "extra": which})


def check_no_reading_for_each_line(busy_minutes, same, rng):
    """A time is not read anew for each line of the log."""
    start = datetime(2026, 1, 1) + timedelta(minutes=rng.randrange(300_000))
    minutes = [start + timedelta(minutes=n) for n in range(4)]
    few, many = _log(minutes, 30, rng), _log(minutes, 60, rng)
    _all_here(busy_minutes, few)
    days = [start + timedelta(minutes=n) for n in range(100, 100 + MINUTES)]
    rng.shuffle(days)
    log = [
        line for second in (3, 57) for line in _lines([at + timedelta(seconds=second) for at in days], rng)
    ]
    with count_calls("_strptime:_strptime") as read:
        busy_minutes(log)
    assert read.count <= 1.1 * MINUTES, (
        f"{read.count:,} times were read by strptime for {len(log):,} lines of {MINUTES:,} different minutes"
        f"{', one for each line of the log' * (read.count == len(log))}. Which step reads them, and how many would do?"
    )
    before, after = (_growth(f, few, many) for f in (same.merged.busy_minutes, busy_minutes))
    assert after <= before / 3, (
        f"A line of the log costs {after:,.0f} instructions, and {before:,.0f} as merged: "
        "strptime is gone, and something else reads each line's time as laboriously. How many minutes are there?"
    )
    return f"{read.count:,} times were read for {len(log):,} lines; as merged, it was one for each line."


def _log(minutes, each, rng):
    """Lines of several minutes, no two of one second, in no order."""
    seconds = random.Random(each).sample(range(60), each)
    times = [minute + timedelta(seconds=second) for minute in minutes for second in seconds]
    rng.shuffle(times)
    return _lines(times, rng)


def _lines(times, rng):
    return [f"{at:%d/%b/%Y:%H:%M:%S} GET /teas 200 {rng.randrange(900)}" for at in times]
