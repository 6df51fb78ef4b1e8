"""The large export: one call of C code, which neither a thread nor a process can help."""

import asyncio

from kettle.checking import Case, Contract, worlds
from kettle.checking.equivalence import Told
from kettle.lessons.reader import Reader
from kettle.probes.turns import PICKLED, watch_turns
from kettle.probes.workers import has_gil

from .world import PATIENCE, draw_orders, ends_beside, order

BUDGET = 500  # orders between two turns of the loop, as the exercise's ticket says
STUCK = 10.0  # seconds; paid by wrong answers only


async def read(export, orders, **reader):
    """Export to a reader; return what it has read."""
    client = Reader(**reader)
    try:
        async with asyncio.timeout(STUCK):
            await export(orders, client)
    except TimeoutError:
        raise Told(exercise.say("stuck", seconds=STUCK)) from None
    return client.data()


async def two_at_once(export, w):
    """Export two lists at once to slow clients."""
    return await asyncio.gather(*(read(export, w.orders[:number], turns=1) for number in (1001, 500)))


def changed(w):
    """Change an order of the short list."""
    w.few[1]["note"] = "changed"


def what_was_written(found):
    """Say what is behind a difference of what was written."""
    if found.kind == "count":
        return exercise.say("lost")
    why = getattr(found.given, "why", "")
    return exercise.say("no_json", why=why) if why else None


exercise = Contract(
    "export",
    world=worlds.drawn(draw_orders),
    call=lambda export, w, number: read(export, w.orders[:number]),
    again=False,
    why=what_was_written,
    cases={
        "1,001 orders are exported": Case(1001),
        "500 orders are exported": Case(500),
        "one order is exported": Case(1),
        "there are no orders": Case(0, why="no_orders"),
        "an order changes between two exports of one list": Case(
            call=lambda export, w: read(export, w.few), between=changed
        ),
        "the client reads slowly": Case(call=lambda export, w: read(export, w.orders, turns=1), why="slow"),
        "two exports run at once": Case(call=two_at_once, why="shared"),
        "the client of a long export hangs up": Case(
            call=lambda export, w: read(export, w.few * 2000, most=99), raises=ConnectionError
        ),
    },
)


@exercise.cause
async def short_pieces(export, rng):
    """Count the orders that are encoded between two turns of the loop."""
    longest = [await longest_piece(export, rng, number) for number in (1300, 5200)]
    return exercise.say("pieces", n=max(longest))


async def longest_piece(export, rng, number):
    """Return how many orders were encoded, copied or pickled in one piece."""
    reader, turns_with_text = Reader(), set()
    with watch_turns(PATIENCE) as turns:

        async def write(text):
            turns_with_text.add(turns.number)
            await reader(text)

        await export([turns.holder(**order(rng), paid=turns.item(by="card")) for _ in range(number)], write)
    piece = turns.longest
    if piece.count > BUDGET:
        share = f"All {number:,}" if piece.count >= number else f"{piece.count:,} of {number:,}"
        key = why_so_long(piece, number, len(reader.texts), len(turns_with_text))
        raise AssertionError(exercise.say("too_long", share=share, how=exercise.say(key), budget=BUDGET))
    assert turns.lived, exercise.say("stood_still")
    assert turns.handled.total() >= number, exercise.say("unseen")
    return piece.count


def why_so_long(piece, number, texts, turns_with_text):
    """Return the key of the sentence that says why a piece is longer than the budget."""
    if piece.how == PICKLED:
        return "pickled"
    if not piece.on_loop:
        return "in_thread" if has_gil() else "elsewhere"
    if piece.tasks > 1:
        return "ready_together"
    if piece.count < number or texts < 3:
        return "one_call"
    return "cut_afterwards" if turns_with_text > 2 else "never_waits"


@exercise.cause
async def exports_overlap(export, equivalence, rng):
    """Let one client stop at its first text, or at its second, until another one has all of its export."""
    orders = [order(rng) for _ in range(600)]
    for stop in (1, 2):
        met = await ends_beside(export, orders, stop)
        assert met or not equivalence.compares("overlap"), exercise.say("one_at_a_time")
