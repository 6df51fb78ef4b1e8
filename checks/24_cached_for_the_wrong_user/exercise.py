"""The price tag: it is kept by its arguments, and the currency is none of them."""

from contextlib import suppress
from contextvars import copy_context

from kettle.checking import Case, Contract
from kettle.lessons.catalogue import PRODUCTS

CURRENCIES = ("GBP", "EUR", "CHF")


def ready(w):
    """Let the catalogue answer at once."""
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


exercise = Contract(
    "price_tag",
    call=lambda price_tag, w, code: tag_in("GBP", code, price_tag, w.names["currency"]),
    again=False,
    cases={
        "another product cannot be read": Case("KC-0007", prepare=another_fails),
        "a product is not in the catalogue": Case("KC-9999", prepare=ready, raises=KeyError),
    },
)


@exercise.cause
def own_currency(price_tag, catalogue, currency, RATES, rng):  # noqa: N803 - a name of the notebook's
    """Ask for products in each currency, in several orders; then again at other rates."""
    catalogue.seconds, catalogue.fails, rates = 0.0, False, dict(RATES)
    codes = rng.sample(PRODUCTS, 4)
    try:
        for factor in (1.0, 1.25):
            RATES.update({each: factor * rate for each, rate in rates.items()})
            for code in codes:
                for of in rng.sample(CURRENCIES * 2, 6):
                    expected = f"{catalogue.price(code) * RATES[of]:.2f} {of}"
                    got = tag_in(of, code, price_tag, currency)
                    before = str(got)[-3:]  # the currency of who asked first, maybe in a cell above
                    crossed = before in CURRENCIES and before != of
                    why = "crossed" if crossed else "other" if factor == 1.0 else "rate"
                    assert got == expected, exercise.say(why, expected=expected, got=got, before=before)
    finally:
        RATES.update(rates)


@exercise.cause
def asked_once(price_tag, catalogue, currency, rng):
    """Count what the catalogue is asked for products that it was asked for before; let it fail once."""
    codes = rng.sample(PRODUCTS, len(PRODUCTS))

    def ask_for_all(of):
        for code in codes:
            tag_in(of, code, price_tag, currency)

    catalogue.seconds, catalogue.fails = 0.0, True
    with suppress(ConnectionError):  # the first product that is not known yet
        ask_for_all("GBP")
    try:
        ask_for_all("GBP")
        for of, why in (("GBP", "again"), ("EUR", "currency"), ("CHF", "currency")):
            catalogue.asked.clear()
            ask_for_all(of)
            n = len(catalogue.asked)
            assert n == 0, exercise.say(why, n=n, of=of)
    except ConnectionError as error:
        raise AssertionError(exercise.say("old_error", got=error)) from error
    return exercise.say("known", n=2 * len(codes))
