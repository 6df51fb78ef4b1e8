"""Wait forever: a call without a deadline holds its caller, and everything that the caller holds."""

import asyncio
import math

import aiohttp

from kettle.checking import words_of
from kettle.checking.causes.virtually import counted_shop, virtually
from kettle.checking.deadline import end_of, keeps, leaves_at_once, really_end, stopped
from kettle.checking.equivalence import Situation, Told, fails
from kettle.checking.equivalence.sentences import short
from kettle.checking.hangs import ENDLESS, HANGS, Hang, hanging, really_hanging
from kettle.checking.runner.errors import alone, told
from kettle.checking.words import many

from .world import BUDGET, LONG, OTHER_CLOCK, OUTLIVED, SHORT, TRIES, _given, _still, _why_none

MISTAKE = words_of(__file__).lesson.mistake

COURIER, CODE = 7, "NW1 6XE"


PATH = f"/couriers/{COURIER}/quote"


FAILURES = (404, 429, 502)  # one for each call


PATIENCE = 3.0  # real seconds; paid by wrong answers only


NOT_SENT = (
    "nothing was sent through `api`, the session that was given: another client, or a price from earlier?"
)


KEPT = "Each visit asks the courier anew. What is kept from one visit to the next?"


TWICE = Hang(
    "a courier that fails twice and stops in the middle of its third answer",
    "Which lines have a clock? The last try is a wait like the others.",
    lambda b: {"hang": "mid body"},
    fails=True,
)


DEFAULT = aiohttp.client.DEFAULT_TIMEOUT


ANOTHER = (
    "`api.timeout` is another one after a visit: the session is the caller's, who has other calls for it."
)


def check_same_prices(quote, same, rng):
    """Who asks for a price gets what the merged code gave, also after calls that fail."""
    code, other = (f"NW{number} 6XE" for number in rng.sample(range(1, 90), 2))

    async def three(f, w):
        visits = [f(w.api, COURIER, each, 9) for each in (code, other, code)]
        ended = await end_of(w.moving(asyncio.gather(*visits), _still))
        if ended.took > 1.5 and same.compares("overlap"):
            raise Told(
                f"and each answer takes 1 s, the last is there after {ended.took:.1f} s: who waits for whom?"
            )
        return _given(ended)

    situations = (
        Situation("a price is asked for", _visit(code), seen=_seen),
        Situation("prices change between two visits", _visit(code), between=lambda w: w.shop.revise()),
        Situation("a price is asked for again", _visit(code), again=True, seen=_seen),
        Situation(
            "three visitors come at once, two of them for the same price",
            three,
            _courier(latency=1.0),
            seen=_seen,
        ),
        Situation("the first call fails", _visit(code), fails(PATH, calls=(1,)), seen=_seen),
        Situation("two calls break off", _visit(code), fails(PATH, calls=(1, 2), status=None), seen=_seen),
        Situation(
            "all calls fail, with status {}, {} and {}".format(*FAILURES),
            _fails_thrice,
            lambda w: w.statuses.update({PATH: [*FAILURES]}),
            raises=aiohttp.ClientError,
        ),
        Situation(
            "an answer cannot be read",
            _visit(code),
            lambda w: w.wrong.update({PATH: ValueError}),
            raises=ValueError,
        ),
    )
    _play(same, quote, situations, rng)


def check_ends_within_its_budget(quote, rng):
    """Wherever the courier hangs, a visitor is told within the budget, and nothing is left running."""
    for budget in (rng.randint(31, 45) / 10, rng.randint(21, 45) / 100):
        for hang in (*HANGS, TWICE):
            virtually(_hangs, quote, hang, budget, rng.randrange(1 << 30))
    longer = rng.randint(51, 54) / 10 + rng.randrange(4)  # aiohttp rounds up what is longer than 5 s
    virtually(_hangs, quote, HANGS[0], longer, rng.randrange(1 << 30), 30)
    return f"At {len(HANGS) + 1} kinds of hang, each visit ended within its budget."


def check_waits_as_long_as_the_budget(quote, same, rng):
    """A price that comes within the budget is waited for, and a call that got none is not sent again."""
    said, visit = f"the budget is {BUDGET} s, and ", _visit(budget=BUDGET, rest=BUDGET)
    situations = (
        Situation(f"{said}nearly all of it is needed", visit, _courier(latency=0.97 * BUDGET)),
        Situation(f"{said}an answer drips for less", visit, _courier(drip=0.045 * BUDGET)),
        Situation(
            f"{said}the first call fails after seven tenths of it and the second is answered at once",
            visit,
            _fails_late,
            why={"error": "There was time for another call: nothing is given up sooner than the time is up."},
        ),
        Situation(
            f"the budget is {LONG} s, and 30 s of it are needed",
            _visit(budget=LONG),
            _courier(latency=30.0),
        ),
        Situation(
            f"the budget is {SHORT} s, and nearly all of it is needed",
            _visit(budget=SHORT),
            _courier(latency=0.99 * SHORT),
        ),
    )
    _play(same, quote, situations, rng)
    when = "the session gives each call 1 s, and the courier never answers"
    own = Situation(when, _visit(most=1), _courier(hang="first byte"), raises=TimeoutError)
    _play(same, quote, [own], rng, timeout=aiohttp.ClientTimeout(total=1))


def check_a_visitor_may_leave(quote, rng):
    """A visitor who leaves takes the call along, at once."""
    for hang in (HANGS[0], HANGS[-2]):
        virtually(_leaves, quote, hang, rng.randrange(1 << 30))


async def check_with_real_servers(quote):
    """The same with servers of their own, on loopback: a budget is kept there, too, and nothing runs on."""
    said = "With real servers, a budget of 0.15 s and {}, `quote`"
    async with really_hanging("quote") as real:
        visits = {
            asyncio.create_task(quote(api, COURIER, CODE, 0.15)): does for does, api in real.sessions.items()
        }
        await really_end(visits, PATIENCE, said)
        await real.over(PATIENCE, f"{said} has ended")
    return f"With real servers, {len(visits)} kinds of hang each ended with TimeoutError."


async def _hangs(quote, hang, budget, seed, number=1):
    said = f"With a budget of {budget:g} s and {hang.does}, "

    def visit(w, code, budget):
        still = lambda: stopped(said, f"{MISTAKE}. {hang.why}", w.endless)  # noqa: E731
        return w.moving(quote(w.api, COURIER, code, budget), still)

    async with hanging(hang, "quote", budget, seed, lambda w: visit(w, CODE, 9), number) as w:
        if hang is TWICE:
            w.shop.break_calls(PATH, calls=(1, 2))
        await asyncio.sleep(-asyncio.get_running_loop().time() % 1)  # to where rounding up shows
        for ended in await asyncio.gather(*(end_of(visit(w, CODE, budget)) for _ in range(number))):
            assert ended.error is not None or ended.value != w.shop.data.quote(COURIER, CODE), (
                f"{said}`quote` returned the price of the visit before: who can tell it from one of today? {KEPT}"
            )
            kinds = (TimeoutError, aiohttp.ClientError) if hang.fails else TimeoutError
            keeps(ended, budget, said, "quote", _why_late(ended, w.calls() // number, hang, budget), kinds)
            assert isinstance(ended.error, TimeoutError) or all(call.status for call in w.shop.calls), (
                f"{said}`quote` stops with the error of an earlier call, and the last one was sent and got no answer. "
                "Which error says so?"
            )
        assert w.calls() <= number or hang.fails, (
            f"{said}{w.calls()} calls were sent for {many(number, 'visitor')}: a call that gets no answer is not "
            "sent again. Which errors does the loop take for a failure?"
        )
        await w.over(f"{said}`quote` has ended")
        after = await end_of(visit(w, "NW2 6XE", 9))
        found = f"{short(after.value)}." if after.error is None else told(after.error)
        assert after.value == w.shop.data.quote(COURIER, "NW2 6XE"), (
            f"{said}{many(number, 'visit')} ended; then the courier was well again, and the next one got {found} {KEPT}"
        )
        assert w.api.timeout == DEFAULT, f"{said}{ANOTHER}"


def _why_late(ended, calls, hang, budget):
    if abs(ended.took - DEFAULT.total) < 5:
        return f"{MISTAKE}, it was aiohttp's own default of {DEFAULT.total:g} s. {hang.why}"
    if calls > 1 and not hang.fails:
        return f"{calls} calls were sent in turn, each with a clock of its own. Which errors does the loop catch?"
    if budget > DEFAULT.ceil_threshold and math.isclose(ended.took, math.ceil(budget), abs_tol=0.01):
        return "aiohttp rounds a `total` of more than 5 s up to a whole second. Which clock does not?"
    drips = "drip" in hang.settings(budget) and ended.took > 7 * budget
    return f"{MISTAKE} in time. {hang.why}" if drips or hang.fails else OTHER_CLOCK


async def _leaves(quote, hang, seed):
    said = f"With {hang.does}, when the visitor leaves, `quote`"
    async with hanging(hang, "quote", 0.1, seed) as w:
        w.main = asyncio.current_task()
        await leaves_at_once(quote(w.api, COURIER, CODE, 3.0), 0.11, said)
        await w.over(f"{said} is cancelled")


def _visit(code=CODE, budget=9, most=3, rest=0):
    async def call(f, w):
        before = w.sent.total()
        try:
            ended = await end_of(w.moving(f(w.api, COURIER, code, budget), lambda: _still(w.endless)))
        finally:
            sent = w.sent.total() - before
            if sent > most:
                raise Told(f"{sent} calls are made. {TRIES}.")
        await w.moving(asyncio.sleep(rest), lambda: OUTLIVED)
        price = _given(ended)
        if not sent:
            raise Told(NOT_SENT)
        return price

    return call


async def _fails_thrice(f, w):
    ended = await end_of(_visit(rest=9)(f, w))
    sent = w.sent.total()
    if sent < len(FAILURES):
        raise Told(f"the courier gets {many(sent, 'call')}. {TRIES}. Which failures are not tried again?")
    if (status := getattr(alone(ended.error), "status", None)) in FAILURES[:-1]:
        raise Told(
            f"your code raises the error of an earlier call, {status}, and the last one's was {FAILURES[-1]}: "
            "that is how the courier is now. Which error is kept?"
        )
    return _given(ended)


def _play(same, quote, situations, rng, **session):
    seed = rng.randrange(1 << 30)
    virtually(
        lambda: same(
            quote,
            lambda: counted_shop(seed, ENDLESS, **session),
            situations,
            why={"seen": _asked_otherwise, "error": _why_none},
        )
    )


def _courier(**settings):
    return lambda w: w.shop.set("quote", **settings)


def _fails_late(w):
    fails(PATH, calls=(1,))(w)
    _courier(latency=0.7 * BUDGET)(w)
    asyncio.get_running_loop().call_later(0.6 * BUDGET, _courier(latency=0.01), w)


def _seen(w):
    return {"asked": dict(w.sent), "timeout": w.api.timeout}


def _asked_otherwise(found):
    if "timeout" in found.path:
        return ANOTHER
    if found.given is None or found.given < found.expected:
        why = "Each visit asks anew, by calls of its own. Which visits share one?"
    else:
        why = f"{TRIES}."
    asked, before = (many(times or 0, "time") for times in (found.given, found.expected))
    return f"the courier is asked {asked}, and was asked {before} before. {why}"
