"""The price tag: it is kept by its arguments, and the currency is none of them."""

from contextlib import contextmanager
from contextvars import copy_context
from types import SimpleNamespace

from kettle.checking import Case, Contract
from kettle.checking.worlds import World
from kettle.lessons.catalogue import PRODUCTS

CURRENCIES = ("GBP", "EUR", "CHF")


@contextmanager
def till():
    """Open a world, and give the notebook's rates back to it afterwards."""
    here = SimpleNamespace(rates=None)
    try:
        yield here
    finally:
        if here.rates is not None:
            here.names["RATES"].clear()
            here.names["RATES"].update(here.rates)


def ready(w):
    """Keep the notebook's rates, and let the catalogue answer at once."""
    w.rates = dict(w.names["RATES"])
    w.names["catalogue"].seconds, w.names["catalogue"].fails = 0.0, False


def another_fails(w):
    """Let the catalogue fail for one product."""
    ready(w)
    w.names["catalogue"].fails = PRODUCTS[-1]


def tag_in(of, code, price_tag, currency):
    """Ask for a tag in a context of its own, as for a request of its own."""

    def asked():
        currency.set(of)
        return price_tag(code)

    return copy_context().run(asked)


def tags(price_tag, w, *wanted):
    """Ask for tags, each a currency and a product."""
    return [tag_in(of, code, price_tag, w.names["currency"]) for of, code in wanted]


def morning(w):
    """Set another rate in the place of an old one."""
    w.names["RATES"]["EUR"] *= 1.25


def new_rates(w):
    """Set the rates as a new table is read: all in one."""
    w.names["RATES"].update({each: rate * 1.5 for each, rate in w.names["RATES"].items()})


exercise = Contract(
    "price_tag",
    world=World((), lambda: till),
    call=tags,
    again=False,
    cases={
        "another product cannot be read": Case(("GBP", "KC-0007"), prepare=another_fails),
        "a product is not in the catalogue": Case(("GBP", "KC-9999"), prepare=ready, raises=KeyError),
    },
)


@exercise.cause
def own_currency(price_tag, catalogue, currency, RATES, rng):  # noqa: N803 - a name of the notebook's
    """Ask for each product in each currency, in several orders; then change the rates."""
    w = SimpleNamespace(names={"RATES": RATES, "catalogue": catalogue, "currency": currency})
    ready(w)
    codes = rng.sample(PRODUCTS, 4)
    try:
        for change in (None, morning, new_rates):
            if change:
                change(w)
            for code in codes:
                before = None
                for of in rng.sample(CURRENCIES * 2, 6):
                    expected = f"{catalogue.price(code) * RATES[of]:.2f} {of}"
                    got = tag_in(of, code, price_tag, currency)
                    if got != expected:
                        kept = str(got)[-3:]  # a cell above may have asked for this product first
                        crossed = kept in CURRENCIES and kept != of and before in (None, kept)
                        raise AssertionError(
                            exercise.say(
                                "crossed" if crossed else "rate" if change else "other",
                                expected=expected,
                                got=got,
                                before=kept,
                            )
                        )
                    before = of
    finally:
        RATES.clear()
        RATES.update(w.rates)


@exercise.cause
def asked_once(price_tag, catalogue, currency, rng):
    """Count what the catalogue is asked for products that it was asked for before; let it fail once."""
    catalogue.seconds = 0.0
    new = rng.sample(PRODUCTS, len(PRODUCTS))
    catalogue.fails = True
    for _ in range(2):  # the first one that it does not know yet fails
        try:
            for code in new:
                tag_in("GBP", code, price_tag, currency)
        except ConnectionError:
            continue
    for of, again in (("GBP", "again"), ("EUR", "currency"), ("CHF", "currency")):
        catalogue.asked.clear()
        try:
            for code in new:
                tag_in(of, code, price_tag, currency)
        except ConnectionError as error:
            raise AssertionError(exercise.say("old_error", got=error)) from error
        n = len(catalogue.asked)
        assert n == 0, exercise.say(again, n=n, of=of)
    return exercise.say("known", n=2 * len(new))
