"""Stop at the function: one step of a comprehension has nearly all of the time, and the profile stops at the line."""

from contextlib import contextmanager
from datetime import datetime, timedelta

from kettle.checking import Case, Contract
from kettle.probes.calls import count_calls

from .world import cost_of_one_more

MINUTES = 3 * 24 * 60  # as long a log as the exercise promises
LATE = datetime(2026, 11, 30, 23, 59, 58)
SOME = 40  # lines
SECONDS = 60  # of a minute, each of which may be read once, too
SHARE = 1 / 3  # of the merged code's instructions for a line: strptime takes most of them


def line(at, ms: object = 7):
    """Write a line of the log."""
    return f"{at:%d/%b/%Y:%H:%M:%S} GET /teas 200 {ms}"


def after(**more):
    """Return a time after the late one."""
    return LATE + timedelta(**more)


exercise = Contract(
    "busy_minutes",
    call=lambda f, w, *lines: f(list(lines)),
    noun="minute",
    why={"missing": "minute", "extra": "minute"},
    cases={
        "a log of several servers comes": Case(
            *(line(after(hours=-9, minutes=-n * 7 % 5, seconds=-n), n) for n in range(9)), ordered_keys=True
        ),
        "two days have the same time of day": Case(line(LATE, 3), line(after(days=-1), 4), why="day"),
        "a log goes past the end of a month": Case(
            line(after(seconds=5)), line(LATE), why={"order": "order"}, ordered_keys=True
        ),
        "there is no such day": Case(line(LATE), "31/Feb/2026:10:00:00 GET /teas 200 7"),
        "the milliseconds cannot be read": Case(line(LATE), line(LATE, "-")),
    },
)


def reads(busy_minutes, times):
    """Count how often strptime reads a time."""
    with count_calls("_strptime:_strptime") as read:
        busy_minutes([line(at) for at in times])
    return read.count


@exercise.cause
def reading_for_each_line(busy_minutes, equivalence, rng):
    """Count the times that are read when lines of three days come in any order."""
    start = datetime(2026, 1, 1) + timedelta(minutes=rng.randrange(300_000))
    one_minute = reads(busy_minutes, [start + timedelta(seconds=n % 2) for n in range(SOME)])
    turns = reads(busy_minutes, [start + timedelta(days=1, minutes=n % 2) for n in range(SOME)])
    assert one_minute < SOME / 2, exercise.say("each", n=one_minute, lines=SOME)
    assert turns < SOME / 2, exercise.say("last", n=turns, lines=SOME)
    days = [start + timedelta(days=7, minutes=n) for n in range(MINUTES)] * 2
    rng.shuffle(days)
    most = 1.1 * MINUTES + SECONDS
    all_days = reads(busy_minutes, [each + timedelta(seconds=rng.randrange(SECONDS)) for each in days])
    key = "second" if all_days > most >= reads(busy_minutes, days) else "places"
    assert all_days <= most, exercise.say(key, n=all_days, minutes=MINUTES, lines=len(days))
    few, many = ([line(start + timedelta(seconds=n % 30)) for n in range(number)] for number in (30, 60))
    merged, yours = (
        cost_of_one_more(each, few, many) for each in (equivalence.merged.busy_minutes, busy_minutes)
    )
    assert yours <= SHARE * merged, exercise.say("laborious", yours=yours, merged=merged)
    return exercise.say("fewer", n=all_days, lines=len(days))


@exercise.faster
@contextmanager
def ten_minutes():
    """Read a log of ten minutes with two lines a second."""
    log = [line(LATE + timedelta(seconds=n // 2)) for n in range(1_200)]
    yield lambda busy_minutes: busy_minutes(log)
