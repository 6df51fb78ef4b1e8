"""Threads for CPU: threads that run Python code take turns at one interpreter."""

from contextlib import suppress

from kettle.checking.equivalence import Situation
from kettle.checking.left import has_ended
from kettle.checking.shares import is_elsewhere, is_fair
from kettle.checking.words import many
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import watch_leftovers
from kettle.probes.pieces import WatchedSet, watch_pieces
from kettle.probes.ratio import compare
from kettle.probes.workers import watch_workers
from kettle.shop.vouchers import issue, smudge

from .world import LEDGER, PATIENCE, _caught, _why_error, _world

WORKERS = 3  # more than many a machine has cores: who asks for so many gets them


FEW = 12  # texts that have to be searched elsewhere, a multiple of WORKERS


UNEVEN = 242  # two more than a multiple of the fair pieces: who rounds down makes too many, or one too large


ORDER = "In which order do your pieces come back?"


def check_same_findings(search, same, rng):
    """Each text has its own readings, as before, in its place."""
    seed = rng.randrange(1 << 30)
    base = issue(200, seed)
    codes = rng.sample(sorted(base), 26)
    texts = [smudge(code, n % 3, seed + n) for n, code in enumerate(codes[1:])]  # whoever sorts them is seen
    slow = smudge(codes[0], 4, seed)  # its worker is done long after the others

    def world():
        return _world(issued=set(base), texts=list(texts), slow_first=[slow, *texts])

    def some(number, workers=1):
        return lambda f, w: f(w.texts[:number], w.issued, workers)

    def damaged(f, w):
        return f(["TEA-12?4", *w.texts[:12], "no voucher"], w.issued, 1)

    def not_yet(w):
        w.issued.difference_update(codes[5:9])  # no search has met this ledger

    def exchanged(w):
        w.issued.symmetric_difference_update(codes[1:9])  # as many as before

    why = {"error": _why_error, "order": ORDER, "swapped": ORDER}
    situations = (
        Situation("26 texts are searched", lambda f, w: f(w.slow_first, w.issued, workers=2)),
        Situation("the same texts are searched again", some(13), again=True),
        Situation("the ledger changes between two searches", some(13), prepare=not_yet, between=exchanged),
        Situation("there are no texts", some(0)),
        Situation("there is one text", some(1)),
        Situation("there are fewer texts than workers", some(2, workers=3)),
        Situation("a text comes twice", lambda f, w: f([*w.texts[:3], w.texts[0]], w.issued, 1)),
        Situation("two of the texts are no vouchers", _caught(damaged), raises=ValueError),
    )
    same(search, world, situations, noun="text", why=why)


def check_where_and_in_what_pieces(search, rng):
    """Workers with interpreters of their own search, so many at once as asked for, in fair pieces."""
    for number in (FEW, UNEVEN):
        issued, texts = _vouchers(rng, number)
        if number == FEW:  # five different ones: counting these is no excuse
            clear = sorted(issued)  # and so a tenth of the work
            texts = ([texts[0], clear[1], texts[2], clear[3], clear[4]] * FEW)[:FEW]
        with watch_workers() as workers, watch_pieces(WORKERS, PATIENCE) as pieces:
            search(texts, WatchedSet(issued, pieces.note), WORKERS)
        assert pieces.all, (
            "The ledger itself never came to `readings`. Hand it on as it came: this check follows it."
        )
        is_elsewhere(pieces, number, "text", "searched")
        is_fair(pieces, workers, number, "text", WORKERS, LEDGER)
    most = f"at most {many(pieces.arrived, 'piece')} for {many(WORKERS, 'worker')}"
    return (
        f"{number} texts were searched by {many(len(pieces.elsewhere), 'interpreter')} of their own, {most}."
    )


async def check_workers_end(search, rng):
    """When a search is over, nothing of it is left, also when it fails."""
    for bad, wanted in (([], FEW // 2), (["no voucher"], 1)):
        issued, texts = _vouchers(rng, 12)
        with watch_leftovers() as watch, watch_pieces() as pieces:
            with suppress(ValueError):
                search([*texts, *bad], WatchedSet(issued, pieces.note), wanted)
            when = "When one of the texts is no voucher, " if bad else ""
            is_elsewhere(pieces, 12, "text", "searched", when)
            left = await watch.left(PATIENCE, pieces.processes)
        has_ended(left, f"The search {'has failed' if bad else 'is over'}", "it")
        if pieces.all:  # a list with a bad text may be refused before
            is_fair(pieces, watch.workers, len([*texts, *bad]), "text", wanted, LEDGER)


def check_fresh_workers(search, same, rng):
    """It also works where workers start afresh: macOS, Windows, and from Python 3.14 on Linux."""
    issued, texts = _vouchers(rng, 12)
    afresh = Situation(
        f"workers start afresh, by `{AFRESH}`",
        lambda f, w: f(texts, issued, 2),
    )
    same(search, lambda: start_method(AFRESH), [afresh], why={"error": _why_error})
    return "Workers that start afresh, by spawn or by a fork server, find their function."


def interest_how_much_faster(as_merged, search, rng):
    """How much faster a search is here."""
    issued, texts = _vouchers(rng, 24, places=4)
    ratio = compare(lambda: as_merged(texts, issued, 2), lambda: search(texts, issued, 2))
    return f"Here, with two workers, your search is {ratio}; free cores bound what processes gain."


def _vouchers(rng, number, places=1):
    seed = rng.randrange(1 << 30)
    issued = issue(number, seed)
    return issued, [smudge(code, places, seed + n) for n, code in enumerate(sorted(issued))]
