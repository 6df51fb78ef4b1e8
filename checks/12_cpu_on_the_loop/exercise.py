"""CPU on the loop: work for the processor holds the event loop."""

import asyncio
import json
from contextlib import nullcontext
from types import SimpleNamespace

from kettle.checking import words_of
from kettle.checking.equivalence import Situation, Told
from kettle.checking.words import many
from kettle.probes.turns import COPIED, PICKLED, watch_turns
from kettle.probes.workers import has_gil, watch_workers
from kettle.shop.reader import Reader, read_together

from .world import PATIENCE, STUCK

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake

BUDGET = 500  # orders between two turns of the loop, as the exercise's ticket says


async def check_same_text(export, same, rng):
    """What is written is the same data, whatever the client does; the orders stay as they are."""
    base = json.dumps([_order(rng) for _ in range(1001)])

    def world():
        orders = json.loads(base)
        return nullcontext(SimpleNamespace(orders=orders, few=orders[:3]))

    async def read(f, orders, reader=None):
        reader = reader or Reader()
        try:
            async with asyncio.timeout(STUCK):
                await f(orders, reader)
        except TimeoutError:
            raise Told(
                f"the export does not come to an end within {STUCK:g} s: what waits, and for whom?"
            ) from None
        return reader.data()

    def some(number, **options):
        return lambda f, w: read(f, w.orders[:number], Reader(**options))

    async def at_once(f, w):
        return await asyncio.gather(*(read(f, w.orders[:number], Reader(1)) for number in (1001, 500)))

    def change(w):
        w.few[1]["note"] = "changed"

    situations = (
        Situation("1,001 orders are exported", some(1001)),
        Situation("500 orders are exported", some(500)),
        Situation("one order is exported", some(1)),
        Situation("there are no orders", some(0), why="An export of no orders is `[]`."),
        Situation("two of the orders are the same", lambda f, w: read(f, [*w.few, w.few[0]])),
        Situation(
            "an order changes between two exports of one list", lambda f, w: read(f, w.few), between=change
        ),
        Situation("the client reads slowly", some(1001, turns=1), why="Who waits for `write`?"),
        Situation("two exports run at once", at_once, why="What do two exports share?"),
        Situation(
            "the client of a long export hangs up",
            lambda f, w: read(f, w.few * 2000, Reader(most=99)),
            raises=ConnectionError,
        ),
    )
    await same(export, world, situations, why=_what_was_written)


async def check_short_pieces(export, rng):
    """Between two turns of the event loop, no more is encoded than the budget allows."""
    with watch_workers() as workers:
        longest = [await _longest_piece(export, rng, number) for number in (1300, 5200)]
    assert len(workers.batches) < 2, (
        f"{len(workers.batches)} pools or processes were started for 2 exports: one that is kept would serve both."
    )
    return f"At most {many(max(longest), 'order')} in one piece, of 1,300 as of 5,200."


async def check_exports_overlap(export, same, rng):
    """While one client reads, another export is written."""
    orders = [_order(rng) for _ in range(600)]
    for clients, each in ((2, orders), (33, orders[:3])):
        met = await read_together(lambda _, write, each=each: export(each[:], write), clients, PATIENCE)
        assert met or not same.compares("overlap"), (
            f"{clients} exports were asked for at once: while the first clients were reading, nothing was written for "
            f"another, {PATIENCE:g} s long. Clients that read slowly make others wait. What do the exports share?"
        )


async def _longest_piece(export, rng, number):
    reader, turns_with_text = Reader(), set()
    with watch_turns(PATIENCE) as turns:

        async def write(text):
            turns_with_text.add(turns.number)
            await reader(text)

        await export([turns.holder(**_order(rng), paid=turns.item(by="card")) for _ in range(number)], write)
    if turns.longest.count > BUDGET:
        raise AssertionError(_too_long(turns.longest, number, len(reader.texts), len(turns_with_text)))
    assert turns.lived, (
        "The work was handed to another thread or process, and the event loop stood still until it was done: "
        "what waits on the loop's own thread?"
    )
    together = turns.threads * turns.longest.count
    assert together <= BUDGET or not has_gil(), (
        f"{turns.threads} threads were encoding at once, up to {turns.longest.count} orders each: they hand the GIL to one "
        f"another, and the loop gets it when all have had their turn. The budget is {BUDGET}, for all of them together."
    )
    unseen = number - turns.handled.total()
    assert unseen <= 0, (
        f"{unseen:,} of {number:,} orders were encoded where this check could not see it: hand them on as they come."
    )
    return turns.longest.count


def _too_long(piece, number, texts, turns_with_text):
    """Say why a piece is longer than the budget."""
    share = f"All {number:,}" if piece.count >= number else f"{piece.count:,} of {number:,}"
    if piece.how == PICKLED:
        said = "were pickled in one piece, to be sent elsewhere: one call of C code, too, which keeps the GIL as json.dumps does."
    elif piece.how == COPIED:
        said = "were copied between two turns of the event loop."
    elif not piece.on_loop and has_gil():
        said = "were encoded by one call in a thread: C code that keeps the GIL until it is done, so the loop stands still all the same."
    elif not piece.on_loop:
        said = "were encoded by one call in a thread."
    elif piece.tasks > 1:
        said = f"{EXERCISE_MISTAKE}, in {piece.tasks} tasks that were ready together: one turn runs all that are ready."
    elif piece.count < number:
        said = f"{EXERCISE_MISTAKE}: the loop stands still until they are done."
    elif texts < 3:
        said = f"{EXERCISE_MISTAKE}: nothing else runs until the last one is done."
    elif turns_with_text > 2:
        said = f"{EXERCISE_MISTAKE}, and only what came of it was cut: the work was done by then. What has to be cut first?"
    else:
        said = (
            f"{EXERCISE_MISTAKE}, although they were written in {texts:,} pieces: an `await` gives way only if it has to wait, "
            "and `await write(…)` has to only when its buffer is full. What gives way for sure?"
        )
    return f"{share} orders {said} The budget is {BUDGET}, however many orders there are."


def _what_was_written(found):
    """Say what is behind a difference of what was written."""
    if found.kind == "count":
        return "Is each one written, those of the last slice, too?"
    why = getattr(found.given, "why", "")
    return f"Python's reader says: {why}. What stands between the pieces, and around them?" if why else None


def _order(rng):
    return {"order": rng.randrange(10**9), "note": "“fine, thanks”", "skus": [f"TEA-{rng.randrange(999)}"]}
