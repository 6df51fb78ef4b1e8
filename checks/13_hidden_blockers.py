"""Hidden blockers: harmless-looking lines block the event loop, and some that look slow do not."""

import asyncio
import itertools
import json
import os
import pickle
import queue
import re
import sys
import tempfile
import threading
import time
import tomllib
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.desks import gated_desk, quick_desk
from kettle.checking.left import has_ended
from kettle.checking.processor import costs, cpu, fits, longest_step
from kettle.checking.same import Situation, Told, fails, shop_world
from kettle.checking.words import many
from kettle.probes.engines.stand_in import tapped
from kettle.probes.events import watch_events
from kettle.probes.leftovers import watch_leftovers
from kettle.probes.loop import watch_loop
from kettle.probes.parsed import watch_parsed
from kettle.probes.workers import has_gil, watch_workers
from kettle.shop.desk import ARCHIVE, LABEL, NAMES, open_desk, wholesale

MISTAKE = "with the event loop's own thread in hand"
EXERCISE_MISTAKE = "were parsed for 40 requests"
GONE = "The loop is free: what waits does so elsewhere, what computes does it in short pieces, and what is short has stayed."
EXERCISE_GONE = "The loop is free: each request reads the file, which is short, and the file is parsed when it has changed."

HINTS = (
    "Look at the picture: which lines have the loop's thread for long? Which of them wait, and which compute?",
    "What waits can wait in a thread, or in a queue that somebody else empties. What computes in C code keeps the GIL "
    "in any thread: it has to become shorter, or less. And what is shorter than a hop to a thread is best left alone.",
    "The name: give `desk.ask` the name itself. The label: `asyncio.to_thread`. The log: `QueueHandler` and `QueueListener` in "
    "`audited`. The lines: slices, and `asyncio.sleep(0)`. The note: a pattern that can read a text in one way only.",
    "`await desk.ask(desk.courier)`; `await asyncio.to_thread(subprocess.run, desk.label(total), check=True, …)`; "
    '`rows += json.loads(f"[{\',\'.join(lines[start : start + 500])}]")` and a turn; `r"\\w+(\\s\\w+)*\\s?"`; in `audited`, '
    "`audit.addHandler(QueueHandler(waiting))`, `writer.start()`, and at the end `await asyncio.to_thread(writer.stop)`.",
)

EXERCISE_HINTS = (
    "Look at the two bars: how much would you gain if reading took no time at all?",
    "Parsing is pure Python: in a thread it takes turns with the loop at the GIL. What has to be true for an earlier "
    "result of it to be still right?",
    "Reading is short, so read each time, and compare the text with the one that was parsed last for this path. Who else "
    "holds the dictionary that you return?",
    "`text = path.read_text(…)`; `if _parsed.get(path, (None,))[0] != text: _parsed[path] = text, tomllib.loads(text)`; "
    "at the end `copy.deepcopy` of this route's settings alone.",
)

RECALL = (
    Question(
        "An `async def` calls `re.fullmatch`, and with some texts the whole service stands still. What helps?",
        (
            "`asyncio.to_thread`",
            "A pattern that reads a text in one way only",
            "`await asyncio.sleep(0)` before it",
        ),
        1,
        "Such a call keeps the GIL until it is done, in any thread. Less work is the way out.",
    ),
    Question(
        "Reading a small file takes 10 µs, a hop to a thread 70 µs. Where should an `async def` read it?",
        ("On the loop", "In a thread", "With an asynchronous file library"),
        0,
        "The hop costs more than the read, and part of the hop is the loop's own work. Such libraries use threads, too.",
    ),
    Question(
        "`loop.slow_callback_duration = 0.02` is set, and nothing is logged though a step takes 0.3 s. Why?",
        ("A step is no callback", "Debug mode is off", "The logger's level is too low"),
        1,
        "The limit counts in debug mode only.",
    ),
)

GUESS = Question(
    "In an `async def`: `audit.info(…)`. For how long can this line hold the event loop?",
    ("Not at all: logging is asynchronous", "As long as the slowest handler takes", "At most a millisecond"),
    1,
    "Whatever handlers the log has are called by this very line, on the loop's thread.",
)

CLAIMS = (
    Claim(
        name="limit",
        said="“Set `loop.slow_callback_duration = 0.05`, and asyncio tells you what blocks the loop.”",
        truth=DOES_NOT_HOLD,
        why="It is silent unless debug mode is on; and then it tells which step took long, not which line.",
        ids=("S4.18",),
    ),
    Claim(
        name="aiofiles",
        said="“aiofiles makes reading files asynchronous.”",
        truth=PARTLY,
        why="It hands each call to a pool of threads. That frees the loop for large or slow files, and costs a hop for each "
        "line of a small one. There is no asynchronous reading of plain files in asyncio.",
        ids=("S2.24",),
    ),
    Claim(
        name="warned",
        said="“You need debug mode to hear of coroutines never awaited and of files never closed.”",
        truth=DOES_NOT_HOLD,
        why="The first warns in any mode. The second is a ResourceWarning, which Python hides until `-W default`, or "
        "`-X dev`, asks for it.",
        ids=("S4.21",),
    ),
    Claim(
        name="dns",
        said="“Looking up a name holds the event loop.”",
        truth=PARTLY,
        why="By `socket`, and by every synchronous client, yes. asyncio's own connections, and so aiohttp's and httpx's, look "
        "names up in a thread.",
        ids=("S4.7",),
    ),
)

EXCUSED = {}
EXERCISE_EXCUSED = {
    "overlap": "What a request may wait for is one parse of a changed file, and all wait for that one."
}

PATIENCE = 2.0  # seconds; paid by wrong answers only
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


# --- the exercise: settings that are parsed for each request


async def check_exercise_same_settings(settings_for, same):
    """Each request gets its route's settings as the file is now."""
    old, new, third = map(_settings, "ABC")
    damaged, at_the_end = old.replace("=", "", 1), f"{old[:-4]}Z{old[-3:]}"
    far_off = "".join(old.rpartition("=")[::2])

    @contextmanager
    def world():
        with tempfile.TemporaryDirectory() as name:
            w = SimpleNamespace(path=Path(name, "gateway.toml"), other=Path(name, "other", "gateway.toml"))
            w.other.parent.mkdir()
            _put(w.path, old)
            _put(w.other, third)
            yield w

    def put(text):
        return lambda w: _put(w.path, text)

    def ask(*steps, fail=()):
        """Return a call that asks for a route, at "other" for another file's, and does in between what it is told."""

        async def call(f, w):
            found = []
            for step in steps:
                if callable(step):
                    step(w)
                else:
                    where = (w.other, here) if step == "other" else (w.path, step)
                    found += await _in_turn(f(*where), fail=fail)
            return found

        return call

    def at_once(*routes):
        return lambda f, w: asyncio.gather(*(f(w.path, route) for route in routes))

    def gone(w):
        w.path.unlink()

    def no_text(w):
        w.path.write_bytes(b"\xff\xfe")

    no_toml, here = tomllib.TOMLDecodeError, "/r/1"
    situations = (
        Situation("two routes and one without settings of its own are asked for", ask(here, "/r/2", "/nowhere")),
        Situation("the file changes between two requests", ask(here), between=put(new + "# longer\n")),
        Situation("the file is replaced by one of its size and time", ask(here), between=put(new), why=_SAME_TIME),
        Situation("only the end of the file changes, not its size or time", ask("/r/3"), between=put(at_the_end), why=_SAME_TIME),
        Situation("the file is replaced, and then the old one is put back", ask(here, put(new), here, put(old), here)),
        Situation("the file is replaced twice, and the file system uses the first one's number again", ask(here), between=_number_again(third, new), why=_SAME_TIME),
        Situation("two files are asked for in turn", ask(here, "other", here, "other")),
        Situation("a request is made again", ask(here, "/nowhere"), again=True),
        Situation("three requests come at once", at_once(here, "/r/2", "/nowhere"), put(_settings("D"))),
        Situation("two requests for one route come at once", at_once(here, here), put(_settings("E")), again=True),
        Situation("the file changes while another request waits for its parse", _changed_meanwhile, put(_settings("F")), why=_JOINED),
        Situation("two requests come at once, and one is given up", _given_up),
        Situation("the file is missing", ask(gone, here), raises=FileNotFoundError),
        Situation("the file has gone since the last request", ask(here, gone, here), raises=FileNotFoundError),
        Situation("the file is damaged", ask(put(damaged), here), raises=no_toml),
        Situation("another route's part of the file is damaged", ask(put(far_off), here), raises=no_toml),
        Situation("the file was damaged since the last request", ask(here, put(damaged), here), raises=no_toml),
        Situation("the file is no text", ask(no_text, here), raises=UnicodeDecodeError),
        Situation("the file has no part for all routes", ask(put("[routes]\n"), here), raises=KeyError),
        Situation("a file is damaged, is asked for twice, and repaired", ask(here, put(damaged), here, here, put(old), here, fail=no_toml), why=_EACH_TIME),
    )  # fmt: skip
    await same(settings_for, world, situations)


async def check_exercise_parsed_when_changed(settings_for):
    """A file that stays as it is is parsed once, and a request for it makes no hop."""
    parsed, text = [], _settings("A", 300)
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name, f"{number}", "gateway.toml") for number in range(3)]
        for path, parts in zip(paths, (text, text, _settings("B").ljust(len(text), "#")), strict=True):
            path.parent.mkdir()
            _put(path, f"{parts}# {path.parent.name}\n")
        size = len(f"{text}# 0\n")
        with tapped(tomllib.loads, lambda args, _: parsed.append(len(args[0]))):
            for number in range(20):
                await settings_for(paths[0], f"/r/{number}")
            await asyncio.gather(*(settings_for(paths[0], f"/r/{number}") for number in range(20)))
            assert sum(parsed) < 2 * size, (
                f"{sum(parsed):,} characters {EXERCISE_MISTAKE} of one file that stayed as it is and has {size:,}: "
                f"tomllib.loads was called {many(len(parsed), 'time')}. What has to be true for an earlier result to be still right?"
            )
            parsed.clear()
            await asyncio.gather(*(settings_for(path, "/r/1") for path in paths * 3))
            for path in paths * 3:
                await settings_for(path, "/r/1")
            assert sum(parsed) < 3 * size, (
                f"Of three files that stayed as they are, {sum(parsed):,} characters were parsed for 18 requests, and they have "
                f"{3 * size:,}. Is more than one file remembered, though they have one name, and what do requests do that come together?"
            )
        with watch_workers() as workers:
            for number in range(10):
                await settings_for(paths[0], f"/r/{number}")
        assert not workers.ran, (
            f"10 requests for a file that stayed as it is made {many(len(workers.ran), 'hop')} to threads, for {_names(workers)}: "
            "a hop costs more than reading the file."
        )

        async def of_twenty(path):
            for number in range(20):
                await settings_for(path, f"/r/{number % 4}")

        async def more():
            return await costs(partial(of_twenty, paths[0])) - await costs(partial(of_twenty, paths[2]))

        assert await fits(more, 10 * cpu(pickle.loads, pickle.dumps(tomllib.loads(text)))), (
            "A request for a file that stayed as it is took more of the processor with 300 routes in it than with four, in a "
            "file of the same size: what is done with all of its routes, though one is asked for?"
        )
    return "40 requests for a file that stayed as it is parsed it once, and each read it on the loop."


# --- what the checks share

_LOG = {
    "log": "Each cart that is priced leaves one line, in its turn, and all are written when the service has ended.",
}
_LINES = {"total": "Is every line of the cart counted, those of the last slice, too?"}
_EACH_TIME = "A damaged file makes each request fail. What is remembered of one that could not be parsed?"
_JOINED = "Of what text is the parse that it waited for?"
_SAME_TIME = "A file's size and time do not tell whether it is the same. What does, and is as quick?"


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


async def _in_turn(*asked, fail=()):
    """Await things one after another; if one may fail, what failed is told by nothing but its place."""
    found = []
    for each in asked:
        try:
            found.append({"failed": False, "answer": await each} if fail else await each)
        except fail:
            found.append({"failed": True})
    return found


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


async def _turns():
    for _ in range(9):
        await asyncio.sleep(0)


async def _until(true):
    ends = time.monotonic() + PATIENCE
    while not (found := true()) and time.monotonic() < ends:  # noqa: ASYNC110 (files and threads do not tell)
        await asyncio.sleep(0.005)
    return found


def _threads():
    """Threads that belong to no executor: those end with the program."""
    pools = sys.modules["concurrent.futures.thread"]._threads_queues
    return {each for each in threading.enumerate() if each not in pools and "AnyIO" not in each.name}


def _log():
    import logging

    return logging.getLogger(LOG)


def _names(workers):
    names = dict.fromkeys(work.name.rpartition(".")[2] for work in workers.ran)
    return ", ".join(f"`{name}`" for name in names)


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


MORE = "since = 2026-03-01\nretry = {times = 2, codes = [502, 503]}\n"
RELEASED = (10**18, 10**18)  # ns


def _settings(letter, routes=4):
    parts = [f'[default]\nowner = "{letter}"\nallow = []\nburst = 10\n{MORE}[routes]\n']
    parts += [
        f'[routes."/r/{n}"]\nper_minute = {n}\nname = "{letter}{n}"\nallow = ["shop", "{letter}"]\n'
        for n in range(routes)
    ]
    return "".join(parts)


def _put(path, text):
    """Put a new file in the old one's place, with the time that all files of a release have."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    os.utime(draft, ns=RELEASED)
    draft.replace(path)


def _number_again(second, third):
    """Return what puts two new files in the old one's place, one after another; the last has its number."""

    def put(w):
        first = w.path.with_suffix(".first")
        w.path.rename(first)
        _put(w.path, second)
        time.sleep(0.02)  # what a file system notes of a change is not finer than some milliseconds
        first.write_text(third, encoding="utf-8")
        os.utime(first, ns=RELEASED)
        first.replace(w.path)

    return put


async def _changed_meanwhile(f, w):
    """Ask while another request's parse is held in a thread, and the file has changed."""
    loop, held, go = threading.get_ident(), threading.Event(), threading.Event()

    def hold(*_):
        if threading.get_ident() != loop:
            held.set()
            go.wait(PATIENCE)

    with tapped(tomllib.loads, hold):
        earlier = asyncio.ensure_future(f(w.path, "/r/1"))
        await _until(lambda: held.is_set() or earlier.done())
        _put(w.path, _settings("G"))
        asked = asyncio.ensure_future(f(w.path, "/r/1"))
        await _turns()  # in which it reads the file
        go.set()
        await earlier
        return await asked


async def _given_up(f, w):
    """Of two requests that come together for a new file, either is given up; a third comes later."""
    found = []
    for letter, which in ("H", 0), ("I", 1):
        _put(w.path, _settings(letter))
        asked = [asyncio.ensure_future(f(w.path, route)) for route in ("/r/1", "/r/2")]
        await asyncio.sleep(0)
        asked[which].cancel()
        await asyncio.wait(asked, timeout=PATIENCE)
        later = asyncio.ensure_future(f(w.path, "/r/1"))
        await asyncio.wait([later], timeout=PATIENCE)
        for who, other in (("the other one", asked[1 - which]), ("a later one", later)):
            if not other.done() or other.cancelled():
                raise Told(
                    f"{who} is {'cancelled, too' if other.done() else 'never answered'}. "
                    "What did they share, and who else hears of it when one waits no more?"
                )
            found.append(other.result())
    return found
