"""Churn in the loop: an expensive object is built again for each item, or shared although it keeps state."""

import ssl
from contextlib import contextmanager
from functools import partial

import certifi

from kettle.checking import Case, Contract
from kettle.checking.equivalence import Told, with_another
from kettle.checking.worlds import World
from kettle.probes.calls import count_calls

from .world import ADA, BEN, NO_NAME, Relay, nights, order, write_certificates

FEW, MANY = 3, 30  # receipts
TLS, TEMPLATE = "tls = …", "template = …"  # lines of the loop, as messages name them


def run(send_receipts, w, *which):
    """Send the receipts of some orders."""
    return by_line(send_receipts([w.orders[each] for each in which], w.relay))


def by_line(answer):
    """Split the texts in an answer into lines, so that a difference is one of lines."""
    if isinstance(answer, list):
        return [by_line(each) for each in answer]
    if isinstance(answer, dict):
        return {key: by_line(value) for key, value in answer.items()}
    if isinstance(answer, str):
        return {f"line {number}": line for number, line in enumerate(answer.split("\n"), 1)}
    return answer


def few_certificates(w):
    """Let the settings name the world's file."""
    w.names["settings"]["certificates"] = str(w.certificates)


def reworded(w):
    """Let Priya add a word to the template, which stays there."""
    w.names["settings"]["receipt"] = "Hello. " + w.names["settings"]["receipt"]


def replaced(w):
    """Let Tomasz put other certificates into the same file."""
    write_certificates(w, 2, 5)


def as_given(send_receipts, w):
    """Send a receipt, and return the archive itself, which its owner may change."""
    return send_receipts([w.orders[ADA]], w.relay)


def refused(send_receipts, w):
    """Send three receipts, of which the relay refuses the second; return how many went out."""
    w.relay.refused = w.orders[BEN]["email"]
    try:
        run(send_receipts, w, ADA, BEN, NO_NAME)
    except ConnectionRefusedError:
        return {"receipts that went out": len(w.relay.sent)}
    raise Told(lesson.say("went_on"))


def two_runs(send_receipts, w):
    """Send receipts, while another run sends others in another thread."""
    return with_another(
        lambda orders: by_line(send_receipts(orders, w.relay)),
        [w.orders[ADA], w.orders[BEN]],
        lambda: run(send_receipts, w, BEN, ADA),
    )


def wrong_context(found):
    """Say which TLS context the relay was given, where that is what differs."""
    if found.path[-1:] != ("tls",):
        return ""
    return lesson.say("context", expected=found.expected, got=found.given)


case = partial(Case, prepare=few_certificates)
lesson = Contract(
    "send_receipts",
    world=World(("rng",), nights),
    call=run,
    observe=lambda w: w.relay.sent[-1:],
    again=False,
    why={"seen": wrong_context},
    cases={
        "a receipt is sent": case(BEN, observe=False),
        "Priya rewords the template between two runs": case(
            BEN, between=reworded, observe=False, why="settings"
        ),
        "Tomasz replaces the file of certificates between two runs": case(BEN, between=replaced),
        "a customer has no voucher, and the one before has one": case(ADA, BEN, why={"text": "left"}),
        "an order has no name and no lines": case(NO_NAME),
        "the same run is made again": case(call=as_given, again=True, why={"text": "left"}),
        "the relay refuses the second of three receipts": case(call=refused, why="one_by_one"),
        "a second run begins in another thread": case(call=two_runs, observe=False, why="shared"),
    },
)


@lesson.cause
def built_once(send_receipts, settings, rng):
    """Count what is built for a few receipts and for many."""
    orders = [order(rng, number) for number in range(MANY)]
    with nights(rng)() as w:
        settings["certificates"] = str(w.certificates)
        few, many = (built(send_receipts, orders[:number]) for number in (FEW, MANY))
    for line in (TLS, TEMPLATE):
        said = {"line": line, "few": few[line], "many": many[line]}
        assert many[line] <= few[line], lesson.say("built", n=MANY, less=FEW, **said)
    return lesson.say("once", contexts=many[TLS], templates=many[TEMPLATE], n=MANY)


def built(send_receipts, orders):
    """Count what a run builds, by the line that does it."""
    with (
        count_calls(ssl, "SSLContext") as contexts,
        count_calls("jinja2.environment:Environment.compile") as templates,
    ):
        send_receipts(orders, Relay())
    return {TLS: contexts.count, TEMPLATE: templates.count}


@lesson.faster
@contextmanager
def ten_receipts(settings, rng):
    """Send ten receipts, with the usual certificates."""
    settings["certificates"] = certifi.where()
    orders = [order(rng, number) for number in range(10)]
    yield lambda send_receipts: send_receipts(orders, Relay())
