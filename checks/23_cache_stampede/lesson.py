"""The stampede: when a value's time is over, whoever asks makes it, all at once.

Cases are played in one process; then two others, real ones, ask for the same value together.
"""

import asyncio
from collections import Counter
from functools import partial

from kettle.checking import Case, Contract, Undecided
from kettle.checking.worlds import World

from .world import HOLD, LIFE, PROCESSES, THREADS, asking, store

MOST = 0.5  # seconds that a value may take to be made, as the notebook says
OTHERS, LOOKS = 2.0, 0.1  # seconds; paid by wrong answers only, and in which a call may give an old value


def draw(rng, _):
    """Draw two values."""
    pages = [{"best": rng.randrange(1000), "codes": [f"KC-{rng.randrange(100)}", None]} for _ in range(2)]
    return {"values": {"page": pages[0], "other": pages[1], "none": None}}


def ask(cached, w, *keys):
    """Ask for drawn values, one after another."""

    def make(key):
        w.makes += 1
        return w.values[key]

    return [cached(w.store, w.prefix + key, partial(make, key), 60) for key in keys]


def kept(w):
    """Return how often values were made, and what Redis will do with that of the page."""
    left = w.store.pttl(w.prefix + "page")
    return {
        "values made": w.makes,
        "kept": "not at all" if left == -2 else "for ever" if left == -1 else left <= 60_000,
    }


def deleted(w):
    """Delete the page, as somebody does who has changed what is on it."""
    w.store.delete(w.prefix + "page")
    w.values["page"] = "a new page"


lesson = Contract(
    "cached",
    world=World(("rng",), lambda rng: store, draw),
    call=ask,
    observe=kept,
    why={"seen": "seen"},
    cases={
        "a value is asked for": Case("page"),
        "a value is asked for again": Case("page", "page"),
        "the value is `None`, and is asked for again": Case("none", "none", why="none"),
        "two values are asked for in turn": Case("page", "other", "page", "other"),
        "the key is deleted between two calls": Case("page", between=deleted, why="deleted"),
    },
)


@lesson.cause
async def one_makes_it(cached, redis_server):
    """Let six ask for one value in two processes, and two for other ones meanwhile; count who makes it."""
    async with asking(redis_server, cached, lesson.say) as web:
        clock = asyncio.get_running_loop().time
        begun = clock()
        askers = [await web.ask(n % PROCESSES, "page", hold=True) for n in range(PROCESSES * THREADS)]
        await web.making(*askers)
        others = [await web.ask(process, f"other {process}") for process in range(PROCESSES)]
        await asyncio.sleep(HOLD)
        at_once = [each for each in askers if (await web.look())[each].makes]
        if len(at_once) > 1 and clock() - begun > MOST:
            raise Undecided(lesson.say("busy"))
        of_a_process = Counter(web.where[each] for each in at_once).values()
        assert max(of_a_process, default=0) <= 1, lesson.say("many", n=len(at_once))
        assert len(at_once) <= 1, lesson.say("processes", n=len(at_once))
        assert await web.over(*others, patience=OTHERS), lesson.say("one_lock")
        for each in askers:
            await web.let(each)
        ended, calls = await web.over(*askers), await web.look()
        makers = [each for each in askers if calls[each].makes]
        assert len(makers) <= 1, lesson.say("again", n=len(makers))
        assert ended, lesson.say("stuck")
        wrong = [calls[each] for each in askers if calls[each].error or calls[each].value != makers]
        assert not wrong, lesson.say("other_value", expected=makers, got=wrong[0])


@lesson.cause
async def looks_again(cached, redis_server):
    """Let a value be made between two commands of somebody who asks for it; then let it be made anew."""
    async with asking(redis_server, cached, lesson.say) as web:
        first = await web.ask(0, "page", hold=True)
        await web.making(first)
        late = await web.ask(1, "page", pause=True)
        await web.until(lambda calls: calls[late].sent > 0 or calls[late].over, OTHERS)
        await web.let(first)
        await web.over(first)
        await web.let(late)
        ended, calls = await web.over(late), await web.look()
        assert not calls[late].makes, lesson.say("looked_once")
        assert ended, lesson.say("stuck")
        web.delete("page")
        again = await web.ask(0, "page", hold=True)
        await web.making(again)
        other = await web.ask(1, "page")
        await web.until(lambda calls: calls[other].over, LOOKS)
        await web.let(again)
        assert await web.over(again, other), lesson.say("stuck")
        for asker in (again, other):
            got = (await web.look())[asker]
            assert got.value == [again], lesson.say("old", got=got)


@lesson.cause
async def others_go_on(cached, redis_server):
    """Let a value fail to be made while two more wait for it; then kill a process that makes one."""
    async with asking(redis_server, cached, lesson.say) as web:
        fails = await web.ask(0, "page", hold=True)
        await web.making(fails)
        waiting = [await web.ask(process, "page", hold=True) for process in range(PROCESSES)]
        await web.until(lambda calls: all(calls[each].sent for each in waiting), HOLD)
        await web.let(fails, fails=True)
        await web.over(fails)
        error = (await web.look())[fails].error
        assert error.startswith("LookupError"), lesson.say("swallowed", got=(await web.look())[fails])
        assert await web.making(*waiting, patience=OTHERS), lesson.say("after_failure")
        for each in waiting:
            await web.let(each)
        assert await web.over(*waiting), lesson.say("after_failure")
        calls = await web.look()
        wrong = [calls[each] for each in waiting if calls[each].error]
        assert not wrong, lesson.say("failed_too", got=wrong[0])
        dies = await web.ask(0, "report", hold=True)
        await web.making(dies)
        await web.kill(0)
        await web.later(LIFE)
        after = await web.ask(1, "report")
        ended, calls = await web.over(after), await web.look()
        assert ended, lesson.say("held_up")
        assert not calls[after].error, lesson.say("after_death", got=calls[after])
