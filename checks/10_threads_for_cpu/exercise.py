"""Threads for CPU: threads that run Python code take turns at one interpreter."""

import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial

from kettle.checking.equivalence import Situation
from kettle.checking.left import has_ended
from kettle.checking.shares import is_elsewhere, is_fair
from kettle.checking.words import many
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import watch_leftovers
from kettle.probes.pieces import watch_pieces
from kettle.probes.workers import watch_workers
from kettle.shop.invoices import PracticeLarder, make_pdf, order_of

from .world import PATIENCE, WAYS, _caught, _why_error, _world

CALLS, PRINTERS = 8, 2  # of the exercise


def check_same_invoices(invoices, same, rng):
    """Each number has its own document, as before, in its place."""
    base, numbers = _orders(rng, 13)

    def world():
        orders = dict(base)
        return _world(orders=orders, larder=PracticeLarder(orders))

    def night(when, which, **options):
        # Not the merged code: it would start eight processes for each of these.
        right = partial(_documents, which)
        call = _caught(lambda f, w: f(w.larder, list(which)))
        return Situation(when, call, truth=right, **options)

    def moved(w):
        w.orders[numbers[1]] = order_of(numbers[1], "Somebody else", pages=0)

    def emptied(w):
        w.orders[numbers[5]] = replace(w.orders[numbers[5]], lines=())

    slow = PracticeLarder(base, slow=numbers[0])
    situations = (
        night("13 invoices are made", numbers, prepare=lambda w: setattr(w, "larder", slow)),
        night("the same invoices are made again", numbers, again=True),
        night("an order changes between two nights", numbers, between=moved),
        night("there are no numbers", []),
        night("there is one number", numbers[:1]),
        night("a number comes twice", [*numbers[:2], numbers[0]]),
        night("two orders are not there", [17, *numbers[:5], 18], raises=LookupError),
        night("an order has no lines", numbers, prepare=emptied, raises=ValueError),
    )
    same(invoices, world, situations, noun="invoice", why={"error": _why_error})


def check_who_does_what(invoices, rng):
    """Threads ask, eight at once; two processes make the documents, in fair pieces."""
    for number in (11, 3, 81):  # the last is one more than a multiple of the sixteen pieces
        orders, numbers = _orders(rng, number - 1)
        numbers.append(numbers[1])  # one comes twice
        at_once, elsewhere = min(CALLS, number), number > 10
        with (
            watch_workers() as workers,
            watch_pieces(at_once, PATIENCE, held=numbers[0], until=max(at_once, number // 2)) as calls,
            watch_pieces(PRINTERS if elsewhere else 1, PATIENCE) as made,
        ):
            orders = {n: replace(order, reached=made.note) for n, order in orders.items()}
            invoices(PracticeLarder(orders, calls.note), numbers)
        _asked(calls, number)
        assert len(made.all) == number, (
            f"`make_pdf` got {many(len(made.all), 'order')} for {number} numbers: each once, as it came, please."
        )
        if elsewhere:
            is_elsewhere(made, number, "document", "made")
            is_fair(made, workers, number, "order", PRINTERS, WAYS)
    return f"{CALLS} calls waited at once, in threads; documents were made by {many(len(made.elsewhere), 'interpreter')} of their own."


async def check_all_ends(invoices, rng):
    """When the night is over, nothing of it is left, also when it fails; nobody is asked twice."""
    for missing in ([], [17]):
        orders, numbers = _orders(rng, 12)
        with watch_leftovers() as watch, watch_pieces() as calls, watch_pieces() as made:
            orders = {n: replace(order, reached=made.note) for n, order in orders.items()}
            with suppress(LookupError):
                invoices(PracticeLarder(orders, calls.note), [*numbers, *missing])
            left, alive = await watch.left(PATIENCE, made.processes), _alive(calls)
        has_ended(left, f"The night {'has failed' if missing else 'is over'}", "it")
        asked = sum(piece.what == "17" for piece in calls.all)
        assert asked <= 1, f"An order that is not there was asked for {asked} times: once, please."
        if made.all:
            is_fair(made, watch.workers, len([*numbers, *missing]), "order", PRINTERS, WAYS)
        assert not alive, (
            f"The night is over, and {many(alive, 'thread')} that asked did not end with it. "
            "Where is what it opened shut down?"
        )


def check_fresh_workers(invoices, same, rng):
    """It also works where workers start afresh: macOS, Windows, and from Python 3.14 on Linux."""
    orders, numbers = _orders(rng, 12)
    afresh = Situation(
        f"workers start afresh, by `{AFRESH}`",
        lambda f, w: f(PracticeLarder(orders), numbers),
        truth=lambda w: [make_pdf(order) for order in orders.values()],
    )
    same(invoices, lambda: start_method(AFRESH), [afresh], why={"error": _why_error})


def _asked(calls, number):
    elsewhere = len(calls.all) - len(calls.here)
    assert not elsewhere, (
        f"{many(elsewhere, 'call')} waited in {many(len(calls.processes), 'process')} of their own: a process that "
        "waits is idle, and starting it is the dearest part. Which workers cost next to nothing while they wait?"
    )
    assert len(calls.all) == number, (
        f"The larder was asked {many(len(calls.all), 'time')} for {number} numbers, one of which comes twice: "
        "once each time it comes, please."
    )
    assert calls.most <= CALLS, (
        f"{calls.most} calls were seen under way at once, and the larder allows {CALLS}. Who bounds them?"
    )
    assert calls.met or calls.most < calls.together, (
        f"{calls.together} calls were under way, and while one of them took long, no others took the places of those that "
        "were done. Who waits for a whole batch?"
    )
    assert calls.met, (
        f"At most {many(calls.most, 'call')} {'was' if calls.most == 1 else 'were'} seen under way, with {number} "
        f"numbers to ask for: the larder allows {CALLS}. What do the others wait for?"
    )


def _alive(calls):
    """Count the threads that asked and are still there, after they have had time to end."""
    ends = time.perf_counter() + PATIENCE / 2
    asked = {piece.thread for piece in calls.here} - {threading.get_ident()}
    while (
        alive := asked & {thread.ident for thread in threading.enumerate()}
    ) and time.perf_counter() < ends:
        time.sleep(0.01)
    return len(alive)


def _documents(numbers, world):
    larder = PracticeLarder(world.orders)  # one that nobody waits for
    return [make_pdf(larder.order(number)) for number in numbers]


def _orders(rng, number):
    numbers = rng.sample(range(1000, 9999), number)
    return {each: order_of(each, f"Customer {each}", pages=0) for each in numbers}, numbers
