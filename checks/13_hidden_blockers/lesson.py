"""Hidden blockers: harmless-looking lines block the event loop, and some that look slow do not."""

import asyncio
import itertools
import json
import os
import queue
import re
import sys
import threading
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

from kettle.checking import words_of
from kettle.checking.desks import gated_desk, quick_desk
from kettle.checking.equivalence import Situation, fails, shop_world
from kettle.checking.left import has_ended
from kettle.checking.processor import costs, cpu, fits, longest_step
from kettle.checking.words import many
from kettle.probes.events import watch_events
from kettle.probes.leftovers import watch_leftovers
from kettle.probes.loop import watch_loop
from kettle.probes.parsed import watch_parsed
from kettle.probes.workers import has_gil, watch_workers
from kettle.shop.desk import ARCHIVE, LABEL, NAMES, open_desk, wholesale

from .world import PATIENCE, _in_turn, _names, _turns, _until

MISTAKE = words_of(__file__).lesson.mistake

BUDGET = 500  # lines of a cart between two turns of the loop, as the lesson says


MORE_LINES = 12_500  # than any cart of the lesson has


FEW_HOPS, LINES_A_HOP = 4, 100


LOG = "audit"


WAITING = 1_100  # lines: more than a queue that somebody bounds with a round number is likely to hold


NOTES = ("tea ", "tea  tea", "", "na\u00efve\tt\u00e9_4\n", "T" * 70, " tea", "tea \n")


WAITS = {
    NAMES: ("The courier's name was looked up", "Who looks names up without holding the loop?"),
    LABEL: ("The label was waited for", "Where can the program be waited for instead?"),
    ARCHIVE: ("A line of the log was written", "Who could write it, while the cart goes on?"),
}


async def check_same_carts(cart, audited, same, rng):
    """Each cart is answered as before, and its line stands in the log."""
    few, other = (wholesale(3, rng.randrange(10**6)) for _ in range(2))
    large = wholesale(143, rng.randrange(10**6)) * 7  # 1,001: a line more than two slices
    shop, turn = shop_world(rng, latency=0.0), asyncio.Lock()

    @asynccontextmanager
    async def world():
        async with turn, shop() as w, quick_desk(w.shop) as w.desk:  # there is one log for all worlds
            yield w

    one, two = _priced((few, "Tea")), _priced((other, "tea!"))
    negative = [json.dumps({"pence": -5, "number": 2})]
    sizes = (few, other, [], large, large[:500], large[:501], large[:2])
    situations = (
        Situation(f"{WAITING:,} lines are logged while the archive takes its time", _many_waiting, impatient=True, why=_LOG),
        Situation("7 carts are priced in turn, of 0 to 1,001 lines", _priced(*zip(sizes, NOTES, strict=True)), _slow, why=_noted),
        Situation("the banner changes between two carts", one, between=_new_banner),
        Situation("a cart is priced again", one, again=True),
        Situation("two carts are priced at once", _priced((few, "Tea"), (other, "tea!"), at_once=True), why=_LOG),
        Situation("the service ends by an error", _priced((few, "Tea"), error=True), _slow, why=_LOG),
        Situation("the service is started a second time", lambda f, w: _in_turn(one(f, w), two(f, w)), why=_LOG),
        Situation("a thread logs a line, and the service ends at once", _by_a_thread, why=_LOG),
        Situation("a cart's courier fails, one's line is damaged, one's label cannot be made, and another follows",
                  _priced((few, "Tea"), ([*large[:700], "{"], "Tea"), (negative, "Tea"), (few, "Tea"), fail=Exception),
                  fails("/couriers/3/quote", calls=(1,)), why=_failed),
        Situation("a label's program is killed in the middle of its line", _priced((few, "Tea"), fail=Exception), _killed, why=_failed),
        Situation("the banner's file is missing", _priced((few, "Tea"), fail=Exception), lambda w: Path(w.desk.banner).unlink(), why=_failed),
    )  # fmt: skip
    await same(cart, world, situations)


async def check_nothing_waits_on_the_loop(cart, audited, shop, same, rng):
    """While a name is looked up, a label is made or a line is written, the loop goes on."""
    few = wholesale(3, rng.randrange(10**6))
    async with gated_desk(shop, PATIENCE) as (desk, gates), audited(desk.archive):
        await cart(desk, list(few), "Tea")
        _log().info("somebody else's line")  # there is more than carts that is logged
        early = await _until(lambda: gates.waited(ARCHIVE))
        kind, elsewhere = gates.held()  # when the service ends, the loop may be held
    if kind:
        what, question = WAITS[kind]
        raise AssertionError(
            f"{what} in another thread, and the event loop stood still until that was done: what waits for it on "
            "the loop's own thread?"
            if elsewhere
            else f"{what} {MISTAKE}, so nothing else ran meanwhile. {question}"
        )
    assert early, (
        f"{PATIENCE:g} s after a cart was priced, its line was not on its way to the archive. If the service is killed "
        "now, the line is lost: what is it waiting for?"
    )
    async with gated_desk(shop, PATIENCE, together=3, gated=()) as (desk, gates), audited(desk.archive):
        one_ends = _one_given_up(lambda: cart(desk, list(few), "Tea"), gates)
        meeting = await same.together(shop, ("quote",) * 2, one_ends, patience=PATIENCE)
        alone = gates.alone and same.compares("overlap")
    assert meeting.met and not alone, (
        f"Two carts were priced at once, and {'no two labels were made' if alone else 'no two quotes were asked for'} at "
        "a time: one cart waits for another. What do they share (a lock, a thread)?"
    )
    return (
        "The name server, the program for labels and the archive each waited until the loop had come round."
    )


async def check_short_pieces(cart, audited, shop, rng):
    """Between two turns of the loop, no more lines are parsed than the budget allows."""
    lines = wholesale(300, rng.randrange(10**6)) * 10
    short = ['{"sku": "TEA-1", "pence": 2, "number": 1}'] * MORE_LINES
    async with _service(audited, shop) as desk:
        for priced in (lines[: rng.randrange(BUDGET + 50, 2 * BUDGET)], short):
            with watch_parsed('"sku"') as parsed:
                await cart(desk, list(priced), "Tea")
            how = (
                "between two turns of the event loop."
                if parsed.on_loop or not has_gil()
                else "by one call in a thread: C code that keeps the GIL until it is done, so the loop stands still all the same."
            )
            assert parsed.longest <= BUDGET, (
                f"{parsed.longest:,} of {len(priced):,} lines were parsed {how} The budget is {BUDGET:,}, however many there are."
            )
        joined = f"[{','.join(lines)}]"
        unit = cpu(json.loads, joined)
        assert await fits(lambda: longest_step(lambda: cart(desk, list(lines), "Tea")), unit / 2), (
            f"One step of a cart of {len(lines):,} lines took more than half as much of the processor as parsing all of them in "
            "one call: nothing else ran meanwhile. What of it can be cut, and is there a turn after each piece?"
        )
    return (
        f"At most {many(parsed.longest, 'line')} in one piece, of {len(priced):,}." if parsed.total else None
    )


async def check_notes_are_cheap(cart, audited, shop, rng):
    """A note with a wrong character takes no longer than another."""
    word = "".join(rng.choices("abcdefgh", k=13))
    unit = cpu(re.fullmatch, r"(\w+\s?)+", f"{word} to you all!")
    async with _service(audited, shop) as desk:
        await cart(desk, [], "Tea")

        async def more(end):
            wrong, right = (f"{word} to you all{last}" for last in (end, " "))
            return await costs(lambda: cart(desk, [], wrong)) - await costs(lambda: cart(desk, [], right))

        for what, end in (("An exclamation mark", "!"), ("A second space in a row", "  x")):
            assert await fits(partial(more, end), unit / 2), (
                f"{what} near the end of a note made the cart take more than half as much of the processor as the "
                "merged pattern does: it still tries all the ways in which the words can be cut. In a thread, too, that "
                "keeps the GIL. Can it be said so that a text is read in one way only?"
            )


async def check_short_things_stay(cart, audited, shop, rng):
    """What costs less than a hop to a thread has stayed on the loop."""
    few, large = wholesale(3, rng.randrange(10**6)), wholesale(143, rng.randrange(10**6)) * 7
    async with _service(audited, shop) as desk:
        with watch_events("open") as events, watch_workers() as workers:
            await cart(desk, list(few), "Tea")
        with watch_workers() as of_large:
            await cart(desk, list(large), "Tea")
    elsewhere = {event.thread for event in events.of(desk.banner)} - {threading.get_ident()}
    assert not elsewhere, (
        "The banner was read in another thread: the hop there and back costs several times as much as the read, and "
        "part of it is the loop's own work. What is gained?"
    )
    hops, more = len(workers.ran), len(of_large.ran)
    assert more <= FEW_HOPS + len(large) / LINES_A_HOP, (
        f"A cart of {len(large):,} lines made {more:,} hops to threads: each costs more than parsing a line."
    )
    assert hops <= FEW_HOPS, (
        f"A cart of {len(few)} lines made {hops} hops to threads, for {_names(workers)}: which of them are "
        "shorter than a hop?"
    )
    return f"{many(hops, 'hop')} to threads for a cart of {len(few)} lines; the banner is read where it was."


async def check_nothing_is_left(cart, audited, shop, rng):
    """When the service has ended, nothing of it is left, and debug mode is off."""
    few = wholesale(3, rng.randrange(10**6))
    async with _service(audited, shop) as desk:  # what is kept for the whole program is there from now on
        await cart(desk, list(few), "Tea")
    before = _threads()
    with watch_leftovers() as watch:
        async with _service(audited, shop) as desk:
            await cart(desk, list(few), "Tea")
        has_ended(await watch.left(PATIENCE))
    await _until(lambda: not _threads() - before)
    left = [thread.name for thread in _threads() - before]
    assert not left, (
        f"The service has ended, and {many(len(left), 'thread')} that it started did not end with it, such as `{left[0]}`. "
        "What stops it?"
    )
    handlers = _log().handlers
    assert not handlers, (
        f"The service has ended, and the log still has {type(handlers[0]).__name__}: the next start adds another. "
        "Where is it removed?"
    )
    asked = sys.flags.dev_mode or os.environ.get("PYTHONASYNCIODEBUG")
    assert asked or not asyncio.get_running_loop().get_debug(), (
        "asyncio's debug mode is on, and makes everything slower. It is for finding: switch it off again."
    )


async def interest_how_long_it_holds(as_merged, audited_as_merged, cart, audited):
    """How long one step holds the loop here."""
    from kettle.shop import Shop

    lines, held = wholesale(300) * 10, []
    with Shop() as shop:
        for version, life in ((as_merged, audited_as_merged), (cart, audited)):
            async with open_desk(shop) as desk, life(desk.archive):
                with watch_loop(budget=0.001) as watched:
                    await version(desk, list(lines), "Congratulations to you!")
            held.append(1000 * watched.longest_hold)
    return "Here, a cart of {:,} lines holds the loop for {:.0f} ms at most; as merged, it was {:.0f} ms.".format(
        len(lines), *held[::-1]
    )


_LOG = {
    "log": "Each cart that is priced leaves one line, in its turn, and all are written when the service has ended.",
}


_LINES = {"total": "Is every line of the cart counted, those of the last slice, too?"}


class _Ended(Exception):
    """The service is ended by an error."""


def _priced(*carts, at_once=False, error=False, fail=()):
    """Return a call that prices carts while the service runs; then all of its log has to be there."""

    async def call(f, w):
        answers = []
        with suppress(_Ended):
            async with w.names["audited"](w.desk.archive):
                asked = [f(w.desk, list(lines), note) for lines, note in carts]
                answers = await (asyncio.gather(*asked) if at_once else _in_turn(*asked, fail=fail))
                if error:
                    raise _Ended
        log = w.desk.archive.lines
        return {"carts": answers, "log": sorted(log) if at_once else log}

    return call


async def _by_a_thread(f, w):
    logs = threading.Thread(target=w.names["audit"].info, args=("the last line is a thread's",), daemon=True)
    async with w.names["audited"](w.desk.archive):
        logs.start()
        logs.join(PATIENCE)  # and the loop has no turn in between
    return {"log": w.desk.archive.lines}


async def _many_waiting(f, w):
    go, loop, written = threading.Event(), threading.get_ident(), itertools.count()

    def confirm():
        if threading.get_ident() != loop:
            go.wait(PATIENCE)
            if next(written) % 10 == 0:
                time.sleep(0.001)  # so that what nobody waits for is not there yet

    w.desk.archive.confirm = confirm
    # Full is a queue with a bound, where its listener is to be stopped.
    with _hurried_joins(), suppress(queue.Full):
        async with w.names["audited"](w.desk.archive):
            for number in range(WAITING):
                w.names["audit"].info("line %d", number)
            go.set()
            await asyncio.to_thread(w.names["audit"].info, "a line of a thread")
    return {"log": w.desk.archive.lines}


def _hurried_joins():
    """Let whoever waits for a thread only so long wait a hundredth of it."""
    join = threading.Thread.join

    def hurried(thread, timeout=None):
        join(thread, None if timeout is None else timeout / 100)

    return patch.object(threading.Thread, "join", hurried)


def _slow(w):
    w.desk.archive.confirm = partial(time.sleep, 0.004)


def _killed(w):
    killed = "import os; os.write(1, b'KC-'); os.kill(os.getpid(), 9)"
    w.desk = replace(w.desk, _command=(sys.executable, "-I", "-S", "-c", killed))


def _new_banner(w):
    Path(w.desk.banner).write_text("Today: gingerbread.\n", encoding="utf-8")


@asynccontextmanager
async def _service(audited, shop):
    async with quick_desk(shop) as desk, audited(desk.archive):
        yield desk


async def _one_given_up(price, gates):
    """Give one of two carts up while both labels, each waiting for three, are made: the loop has to go on."""
    carts = [asyncio.ensure_future(price()) for _ in range(2)]
    both = await _until(lambda: gates.labels == 2 or carts[1].done())
    carts[0].cancel()
    await _turns()
    held = both and (gates.alone or gates.held()[0])
    if both:
        gates.join()
    await asyncio.gather(*carts, return_exceptions=True)
    assert not held, (
        "A cart was given up while its label was made, and the event loop stood still until the program had ended. "
        "Who waits for it when the cart is cancelled, and where?"
    )
    await carts[1]


def _threads():
    """Threads that belong to no executor: those end with the program."""
    pools = sys.modules["concurrent.futures.thread"]._threads_queues
    return {each for each in threading.enumerate() if each not in pools and "AnyIO" not in each.name}


def _log():
    import logging

    return logging.getLogger(LOG)


def _failed(found):
    if found.path[0] == "log":
        return "A cart that fails leaves no line, and whatever follows it does."
    return "What could not be done has to raise, for whoever asked." if found.expected is True else ""


def _noted(found):
    if found.path[0] == "log":
        return _LOG["log"]
    if "clean" in found.path:
        return (
            f"The note is {NOTES[found.path[1]]!r}: words, each with at most one space of any kind after it."
        )
    return _LINES.get(found.path[-1], "")
