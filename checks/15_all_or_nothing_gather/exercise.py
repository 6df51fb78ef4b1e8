"""All or nothing: a failed call takes the whole page along, or is hidden, and orphans run on."""

import asyncio
import copy

from kettle.checking import words_of
from kettle.checking.causes.virtually import virtually
from kettle.checking.ends import end_of, judge_cancelled, judge_raised, judge_running
from kettle.checking.equivalence import Situation, Told
from kettle.checking.post import WatchedOffice, post_office, seconds_to
from kettle.checking.runner.errors import told
from kettle.checking.words import many

from .world import BUG, LEFT

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake

MANY = 400  # letters of one evening


def check_same_report_on_a_good_evening(send_letters, same, rng):
    """While nothing goes wrong, all letters go out, and the report says so."""
    people, _ = _people(rng)
    situations = (
        _evening("no letter bounces", people),
        _evening("there are no customers", []),
        _evening(f"there are {MANY} customers", _crowd(rng)),
        _evening("a customer is named twice", [*people[:-1], dict(people[0])], why=TWICE),
        _evening("the letters are sent once more", people, again=True),
    )
    _post(send_letters, same, situations)


def check_same_report_when_letters_bounce(send_letters, same, rng):
    """What bounces is reported and costs one letter, and nothing else is."""
    people, bad = _people(rng)
    wrong = {"raises": ConnectionError, "wrong": {people[1]["address"]: ConnectionError}}
    nameless = [*people[:3], {"address": "7 Mill Lane"}, *people[3:]]
    situations = (
        _evening("one letter of twelve bounces", people, bad[1:2]),
        _evening("three letters of twelve bounce", people, bad),
        _evening("addresses are bad on the next evening", people, between=lambda w: w.unknown.update(bad)),
        _evening("the letters are sent once more", people, bad, again=True),
        _evening(
            "a customer whose letter goes out is named twice", [*people[:-1], people[1]], bad, why=TWICE
        ),
        _evening("a customer whose letter bounces is named twice", [*people[:-2], people[0]], bad, why=TWICE),
        _evening("two jobs are under way at one office", people, bad, jobs=2, why=OTHERS),
        _evening("all letters bounce", people, [each["address"] for each in people]),
        _evening("a customer has no name", nameless, raises=BUG),
        _evening("a customer has no name, and letters bounce", nameless, bad, raises=BUG),
        _evening("the connection to the post office breaks", people, **wrong),
        _evening("the connection to the post office breaks, and letters bounce", people, bad, **wrong),
        _evening("the job is cancelled", people, raises=LEFT, at=4.5),
        _evening("the job is cancelled after letters have bounced", people, bad, raises=LEFT, at=6.5),
    )
    _post(send_letters, same, situations)
    return f"{many(len(situations), 'evening')} were played: a bounce cost one letter, and nothing else."


def _post(send_letters, same, situations):
    virtually(lambda: same(send_letters, post_office, situations, why={"seen": _delivered_otherwise}))


def _people(rng):
    """Draw customers, the slowest first so that none comes in order, and three of their addresses.

    Their letters take from less than 2 s to more than 9, whatever is drawn: see `seconds_to`.
    """
    numbers = [97 * rng.randrange(2, 10) + 8 * place + rng.randrange(8) for place in range(12)]
    people = [{"name": f"customer {number}", "address": f"{number} Mill Lane"} for number in numbers]
    people.sort(key=lambda each: -seconds_to(each["address"]))
    return people, [each["address"] for each in people[::4]]


def _crowd(rng):
    return [{"name": f"customer {n}", "address": f"{n} Mill Lane"} for n in rng.sample(range(1000), MANY)]


def _evening(when, customers, bounce=(), raises=None, wrong=(), at=None, jobs=1, **more):
    """Return a situation: letters go out, and some bounce, or something else goes wrong."""

    def prepare(w):
        w.unknown.update(bounce)
        w.wrong.update(wrong)

    def truth(w):
        reports = [w.right(each["address"] for each in share) for share in shares]
        return None if raises else reports[0] if jobs == 1 else reports

    shares = [customers[number::jobs] for number in range(jobs)]
    seen = None if raises else WatchedOffice.books
    return Situation(when, _job(shares, raises, at), prepare, truth=truth, seen=seen, **more)


TWICE = dict.fromkeys(
    ("sent", "bounced"), "A customer who is named twice gets two letters, and counts twice."
)


OTHERS = dict.fromkeys(("sent", "bounced"), "A job reports on its own letters. Whose are these?")


def _job(shares, raises, at):
    async def under_way(f, w):
        # Copies: whoever is named twice by one dict, is so here, too.
        jobs = [f(w, copy.deepcopy(customers)) for customers in shares]
        return await jobs[0] if len(jobs) == 1 else await asyncio.gather(*jobs)

    async def call(f, w):
        begun = len(w.begun)
        end = await end_of(under_way(f, w), lambda: "it never ends.", at)
        if raises is LEFT:
            judge_cancelled(end, "job")
        elif raises:
            judge_raised(
                end, raises, "report", f"{raises.__name__} is hidden in it, or lost. Which error is a bounce?"
            )
        elif end.error:
            _judge_bounce(end, w)
        judge_running(end, "job", w.under_way)
        later = w.later(begun)
        if later and not raises:
            letters = sum(map(len, shares))
            together = letters - later
            one = "1 is" if together == 1 else f"{together} are"
            raise Told(f"of {letters} letters, {one} under way at once. What do the others wait for?")
        return end.value

    return call


def _delivered_otherwise(found):
    about, address = found.path[0], found.path[-1]
    if found.kind == "missing":
        return f"the letter to {address} does not go out: one that bounces {EXERCISE_MISTAKE}."
    how = "goes out" if about == "out" else "is handed to the post office"
    return f"the letter to {address} {how} {many(found.given, 'time')}; it ought to be {found.expected}."


def _judge_bounce(end, w):
    if end.has(w.names["Bounced"]):
        out = f"{many(len(w.begun) - len(w.delivered), 'letter')} did not go out"
        raise Told(f"the job ends with Bounced, and {out}: a bounce {EXERCISE_MISTAKE}.")
    raise Told(f"there ought to be a report, and the job ends with {told(end.error)}")
