"""The night's invoices: a process that waits is idle, and threads that draw take turns."""

from dataclasses import replace

from kettle.checking import Case, Contract, worlds
from kettle.checking.left import has_ended
from kettle.lessons.invoices import PracticeLarder, make_pdf, order_of
from kettle.lessons.pieces import watch_pieces
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import watch_leftovers

from .world import PATIENCE, runs_elsewhere, why_error

CALLS, PRINTERS = 8, 2
NUMBERS = 40
MISSING = 17


def orders_of(rng, number):
    """Draw orders, by number."""
    numbers = rng.sample(range(1000, 9999), number)
    return {each: order_of(each, f"Customer {each}", pages=0) for each in numbers}


def draw(rng, _):
    """Draw orders and their numbers."""
    orders = orders_of(rng, 13)
    return {"orders": orders, "numbers": list(orders)}


def night(numbers=lambda w: w.numbers, method=None, **options):
    """Make a case; expected is what one order after another gives: the merged code would start processes."""

    def call(invoices, w):
        larder = PracticeLarder(w.orders, slow=w.numbers[0])
        if method is None:
            return invoices(larder, list(numbers(w)))
        with start_method(method):
            return invoices(larder, list(numbers(w)))

    def truth(w):
        larder = PracticeLarder(w.orders)
        return [make_pdf(larder.order(number)) for number in numbers(w)]

    return Case(call=call, truth=truth, **options)


def moved(w):
    """Let an order have another customer."""
    w.orders[w.numbers[1]] = order_of(w.numbers[1], "Somebody else", pages=0)


def emptied(w):
    """Let an order have no lines."""
    w.orders[w.numbers[5]] = replace(w.orders[w.numbers[5]], lines=())


def why(error):
    """Say what is behind an error."""
    return why_error(error, exercise.say)


exercise = Contract(
    "invoices",
    world=worlds.drawn(draw),
    noun="invoice",
    why={"error": why},
    cases={
        "an order changes between two nights": night(between=moved),
        "there is one number": night(lambda w: w.numbers[:1]),
        "a number is in the list twice": night(lambda w: [*w.numbers[:3], w.numbers[0]]),
        "an order is not there": night(lambda w: [*w.numbers, MISSING], raises=LookupError),
        "an order has no lines": night(prepare=emptied, raises=ValueError),
        f"workers start afresh (by `{AFRESH}`)": night(method=AFRESH),
    },
)


@exercise.cause
async def who_does_what(invoices, rng):
    """Hold the first calls until eight wait, and the first documents until two are made."""
    orders = orders_of(rng, NUMBERS)
    with (
        watch_leftovers() as watch,
        watch_pieces(CALLS, PATIENCE) as calls,
        watch_pieces(PRINTERS, PATIENCE) as made,
    ):
        watched = {number: replace(order, reached=made.note) for number, order in orders.items()}
        invoices(PracticeLarder(watched, calls.note), list(orders))
        assert len(calls.here) == len(calls.all), exercise.say("asked_elsewhere", n=len(calls.processes))
        assert calls.most <= CALLS, exercise.say("too_many_calls", n=calls.most, most=CALLS)
        assert calls.met, exercise.say("few_calls", n=calls.most, most=CALLS)
        assert made.all, exercise.say("never_came")
        runs_elsewhere(made, watch.workers, PRINTERS, exercise.say)
        left = await watch.left(PATIENCE, made.processes)
    has_ended(left, "The night is over", "it")
    return exercise.say("shared", calls=CALLS, workers=len(made.elsewhere))
