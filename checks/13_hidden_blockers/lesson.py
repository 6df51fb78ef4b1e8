"""Hidden blockers: harmless-looking lines block the event loop, and some that look slow do not."""

import asyncio
import json
import os
import re
import sys
import threading
from functools import partial
from pathlib import Path

from kettle.checking import Case, Contract
from kettle.checking.equivalence import fails
from kettle.checking.worlds import World
from kettle.lessons.desk import LABEL, NAMES, wholesale
from kettle.lessons.events import watch_events
from kettle.probes.workers import has_gil

from .parsed import watch_parsed
from .world import PATIENCE, costs, cpu, desks, fits, gated_desk, longest_step, quick_desk

BUDGET = 500  # lines of a cart between two turns of the loop, as the lesson says
NOTES = ("tea ", "tea  tea", "", "na\u00efve\tt\u00e9_4\n", "T" * 70, " tea", "tea \n")
FEW, OTHER = wholesale(3, seed=1), wholesale(3, seed=2)
LARGE = wholesale(143, seed=3) * 7  # 1,001: a line more than two slices
SIZES: tuple = (FEW, OTHER, [], LARGE, LARGE[:500], LARGE[:501], LARGE[:2])
NEGATIVE = [json.dumps({"pence": -5, "number": 2})]


def new_banner(w):
    """Write another banner."""
    Path(w.desk.banner).write_text("Today: gingerbread.\n", encoding="utf-8")


async def priced(cart, w, *carts, at_once=False, fail=()):
    """Price carts while the service runs; return the answers, and the log when it has ended."""
    async with w.names["audited"](w.desk.archive):
        asked = [cart(w.desk, list(lines), note) for lines, note in carts]
        answers = await (asyncio.gather(*asked) if at_once else in_turn(*asked, fail=fail))
    log = w.desk.archive.lines
    return {"carts": answers, "log": sorted(log) if at_once else log}


async def in_turn(*asked, fail=()):
    """Await things one after another; of what may fail, only its place is told."""
    found = []
    for each in asked:
        try:
            found.append(await each)
        except fail:
            found.append("it raised")
    return found


lesson = Contract(
    "cart",
    world=World(("rng",), desks),
    call=priced,
    why={"log": "log", "total": "total", "clean": "clean"},
    cases={
        "a cart is priced": Case((FEW, "Tea")),
        "7 carts of 0 to 1,001 lines are priced": Case(*zip(SIZES, NOTES, strict=True)),
        "the banner changes between two carts": Case((FEW, "Tea"), between=new_banner),
        "two carts are priced at once": Case(
            call=lambda cart, w: priced(cart, w, (FEW, "Tea"), (OTHER, "tea!"), at_once=True)
        ),
        "a courier fails, a line is damaged, a label cannot be made, and another cart follows": Case(
            call=lambda cart, w: priced(
                cart, w, (FEW, "Tea"), ([*FEW, "{"], "Tea"), (NEGATIVE, "Tea"), (FEW, "Tea"), fail=Exception
            ),
            prepare=fails("/couriers/3/quote", calls=(1,)),
            why={"log": "failed", "carts": "must_raise"},
        ),
    },
)


@lesson.cause
async def nothing_waits(cart, audited, shop, equivalence):
    """Hold the name server and the program for labels until the loop has come round."""
    async with gated_desk(shop) as (desk, gates), audited(desk.archive):
        await cart(desk, list(FEW), "Tea")
        kind, elsewhere = gates.held()
    where = "elsewhere" if elsewhere else "on_loop"
    assert not kind, lesson.say(where, what=lesson.say({NAMES: "names", LABEL: "label"}[kind]))
    async with quick_desk(shop) as desk, audited(desk.archive):
        both = (cart(desk, list(FEW), "Tea") for _ in range(2))
        meeting = await equivalence.together(shop, ("quote",) * 2, *both, patience=PATIENCE)
    assert meeting.met, lesson.say("one_at_a_time")
    return lesson.say("nothing_waited")


@lesson.cause
async def short_pieces(cart, audited, shop, rng):
    """Count the lines that are parsed between two turns of the loop, and weigh its longest step."""
    lines = wholesale(300, rng.randrange(10**6)) * 10
    async with quick_desk(shop) as desk, audited(desk.archive):
        for some in (lines[: BUDGET + 400], lines):
            with watch_parsed('"sku"') as parsed:
                await cart(desk, list(some), "Tea")
            how = "piece" if parsed.on_loop or not has_gil() else "piece_in_thread"
            assert parsed.longest <= BUDGET, lesson.say(how, n=parsed.longest, of=len(some), budget=BUDGET)
        unit = cpu(json.loads, f"[{','.join(lines)}]")
        step = partial(longest_step, lambda: cart(desk, list(lines), "Tea"))
        assert await fits(step, unit / 2), lesson.say("long_step", of=len(lines))
    return lesson.say("pieces", n=parsed.longest, of=len(lines)) if parsed.total else None


@lesson.cause
async def notes_are_cheap(cart, audited, shop, rng):
    """Hold what a note with a wrong character costs against the merged pattern."""
    word = "".join(rng.choices("abcdefgh", k=13))
    unit = cpu(re.fullmatch, r"(\w+\s?)+", f"{word} to you all!")
    async with quick_desk(shop) as desk, audited(desk.archive):
        await cart(desk, [], "Tea")

        async def more(end):
            wrong, right = (f"{word} to you all{last}" for last in (end, " "))
            return await costs(lambda: cart(desk, [], wrong)) - await costs(lambda: cart(desk, [], right))

        for what, end in (("an exclamation mark", "!"), ("two spaces in a row", "  x")):
            assert await fits(partial(more, end), unit / 2), lesson.say("note", what=what)


@lesson.cause
async def debug_is_off(cart, audited, shop):
    """See that asyncio's debug mode is as it was."""
    async with quick_desk(shop) as desk, audited(desk.archive):
        await cart(desk, list(FEW), "Tea")
    asked = sys.flags.dev_mode or os.environ.get("PYTHONASYNCIODEBUG")
    assert asked or not asyncio.get_running_loop().get_debug(), lesson.say("debug")


@lesson.cause
async def banner(cart, audited, shop):
    """Tell, for interest, of a banner that is read in another thread."""
    async with quick_desk(shop) as desk, audited(desk.archive):
        with watch_events("open") as events:
            await cart(desk, list(FEW), "Tea")
    moved = {event.thread for event in events.of(desk.banner)} - {threading.get_ident()}
    return lesson.say("banner_moved" if moved else "banner_stays")
