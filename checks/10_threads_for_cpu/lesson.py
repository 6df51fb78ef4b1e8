"""Threads for CPU: threads that run Python code take turns at one interpreter.

A set that notes what is looked up in it, here and in worker processes, tells where the texts are searched.
"""

from contextlib import contextmanager, suppress

from kettle.checking import Case, Contract, worlds
from kettle.checking.left import has_ended
from kettle.lessons.pieces import WatchedSet, watch_pieces
from kettle.lessons.vouchers import issue, smudge
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import watch_leftovers

from .world import PATIENCE, runs_elsewhere, why_error

WORKERS = 3  # more than many a machine has cores
TEXTS = 48  # few enough for a fixed size of pieces to show
MOST = 10  # pieces for each worker, as the notebook says


def draw(rng, _):
    """Draw a ledger, and smudged texts, the first of which takes long."""
    seed = rng.randrange(1 << 30)
    codes = sorted(issue(200, seed))
    texts = [smudge(code, n % 3, seed + n) for n, code in enumerate(codes[:13])]
    return {"issued": set(codes), "texts": [smudge(codes[0], 4, seed), *texts], "gone": codes[:9]}


def cancelled(w):
    """Take codes out of the ledger."""
    w.issued.difference_update(w.gone)


def afresh(search, w):
    """Search where workers start a Python of their own."""
    with start_method(AFRESH):
        return search(w.texts, w.issued, 2)


def why(error):
    """Say what is behind an error."""
    return why_error(error, lesson.say)


lesson = Contract(
    "search",
    world=worlds.drawn(draw),
    call=lambda search, w, some=slice(None), workers=2: search(w.texts[some], w.issued, workers),
    noun="text",
    why={"error": why, "order": "order", "swapped": "order"},
    cases={
        "the ledger changes between two searches": Case(between=cancelled),
        "there are fewer texts than workers": Case(slice(1, 3), 3),
        "there are no texts": Case(slice(0)),
        "one of the texts is no voucher": Case(
            call=lambda search, w: search([*w.texts, "no voucher"], w.issued, 2), raises=ValueError
        ),
        f"workers start afresh (by `{AFRESH}`)": Case(call=afresh),
    },
)


def vouchers(rng, number, places=1):
    """Draw a ledger, and smudge all of it."""
    seed = rng.randrange(1 << 30)
    issued = issue(number, seed)
    return issued, [smudge(code, places, seed + n) for n, code in enumerate(sorted(issued))]


@lesson.cause
async def in_workers(search, rng):
    """Hold the first texts until as many are searched as there ought to be workers; count what was sent."""
    for bad in ([], ["no voucher"]):
        issued, texts = vouchers(rng, TEXTS)
        with watch_leftovers() as watch, watch_pieces(WORKERS, PATIENCE) as pieces:
            with suppress(ValueError):
                search([*texts, *bad], WatchedSet(issued, pieces.note), WORKERS)
            if not bad:
                assert pieces.all, lesson.say("never_came")
                runs_elsewhere(pieces, watch.workers, WORKERS, lesson.say)
                sent = pieces.arrived
                assert sent <= MOST * WORKERS, lesson.say("pieces", n=sent, of=TEXTS, most=MOST * WORKERS)
            left = await watch.left(PATIENCE, pieces.processes)
        has_ended(left, f"The search {'has failed' if bad else 'is over'}", "it")
    return lesson.say("searched", of=TEXTS, workers=len(pieces.elsewhere), n=sent)


@lesson.faster
@contextmanager
def one_night(rng):
    """Search 24 texts, four digits of each smudged."""
    issued, texts = vouchers(rng, 24, places=4)
    yield lambda search: search(texts, issued, 2)
