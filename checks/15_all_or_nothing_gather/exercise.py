"""The evening post: one letter that bounces cancels all others of its TaskGroup."""

import asyncio
import copy
from functools import partial

from kettle.checking import Case, Contract
from kettle.checking.causes.endings import end_of, judge_end, judge_running
from kettle.checking.causes.virtually import virtually
from kettle.checking.equivalence import Told
from kettle.checking.runner.errors import told
from kettle.checking.worlds import World

from .world import WatchedOffice, post_office, seconds_to


def draw(rng, _):
    """Draw twelve customers, the slowest first so that none comes in order."""
    numbers = [97 * rng.randrange(2, 10) + 8 * place + rng.randrange(8) for place in range(12)]
    people = [{"name": f"customer {number}", "address": f"{number} Mill Lane"} for number in numbers]
    people.sort(key=lambda each: -seconds_to(each["address"]))
    return {"people": people}


def everybody(w):
    """Write to all customers."""
    return w.people


def bounce(*places):
    """Let the letters to some customers bounce, given by their places in the list."""
    return lambda w: w.unknown.update(w.people[place]["address"] for place in places)


def breaks(w):
    """Let one letter bounce, and another one find no connection to the post office."""
    bounce(4)(w)
    w.wrong[w.people[1]["address"]] = ConnectionError


async def job(send_letters, w, customers=everybody, raises=None, at=None):
    """Send letters, and judge how the job ends and what runs on."""
    begun = len(w.begun)
    end = await end_of(send_letters(w, copy.deepcopy(customers(w))), at)
    if raises:
        judge_end(end, raises, "report", exercise.say("hidden"))
    elif end.error and end.has(w.names["Bounced"]):
        raise Told(exercise.say("stopped", n=len(w.begun) - len(w.delivered)))
    elif end.error:
        raise Told(exercise.say("no_report", error=told(end.error)))
    judge_running(end, "job", w.under_way)
    if not raises:
        judge_at_once(w.begun[begun:])
    return end.value


def judge_at_once(begun):
    """See that all letters are handed over in one moment; one that is handed over again counts once."""
    first_moments = dict(reversed(begun))
    if len(set(first_moments.values())) > 1:
        raise Told(exercise.say("in_turn"))


def evening(customers=everybody, prepare=None, **options):
    """Return a case: some letters go out, and others bounce."""
    truth = lambda w: w.right(customers(w))  # noqa: E731
    return Case(customers, prepare=prepare, truth=truth, **options)


def ends(raises, customers=everybody, prepare=None, at=None):
    """Return a case that leaves no report, but an error."""
    call = partial(job, customers=customers, raises=raises, at=at)
    return Case(call=call, prepare=prepare, truth=lambda w: None, observe=False)


def delivered_otherwise(found):
    """Say which letter did not go out, or too often."""
    address = found.path[-1]
    if found.kind == "missing":
        return exercise.say("not_out", address=address)
    return exercise.say("times", address=address, expected=found.expected, given=found.given)


HALVES = (lambda w: w.people[::2], lambda w: w.people[1::2])


async def two_jobs(send_letters, w):
    """Send the letters of two jobs at once, from one office."""
    reports = await asyncio.gather(*(send_letters(w, copy.deepcopy(half(w))) for half in HALVES))
    judge_at_once(w.begun)
    return reports


exercise = Contract(
    "send_letters",
    world=World(("rng",), lambda rng: post_office(), draw, run=virtually),
    call=job,
    observe=WatchedOffice.books,
    why={"seen": delivered_otherwise},
    cases={
        "no letter bounces": evening(),
        "there are no customers": evening(lambda w: []),
        "a customer is named twice": evening(lambda w: [*w.people[:-1], w.people[1]], why="twice"),
    },
)
exercise.further(
    "when_letters_bounce",
    {
        "one letter of twelve bounces": evening(prepare=bounce(4)),
        "three letters of twelve bounce": evening(prepare=bounce(0, 4, 8)),
        "two jobs run at one office": Case(
            call=two_jobs,
            prepare=bounce(0, 4, 8),
            truth=lambda w: [w.right(half(w)) for half in HALVES],
            why="own",
        ),
        "all letters bounce": evening(prepare=bounce(*range(12))),
        "a customer has no name": ends(KeyError, lambda w: [*w.people, {"address": "7 Mill Lane"}]),
        "the connection to the post office breaks": ends(ConnectionError, prepare=breaks),
        "the job is cancelled": ends(asyncio.CancelledError, at=4.5),
    },
)
