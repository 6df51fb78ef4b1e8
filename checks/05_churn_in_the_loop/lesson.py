"""Churn in the loop: an expensive object is built again for each item, or shared although it keeps state."""

import copy
import os
import re
import ssl
import tempfile
from contextlib import nullcontext
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import certifi

from kettle.checking.equivalence import Situation, Told, with_another
from kettle.checking.equivalence.sentences import part_name
from kettle.probes.calls import count_calls
from kettle.probes.ratio import compare

from .world import FEW, MANY

BUILT_FROM = "When is it built, and from what?"


STILL = (
    "the relay is given a TLS context with the certificates that the file held before. By what is it kept?"
)


OUT, NEXT = "receipts that went out", "the next"  # what a run that failed is asked for


FAILED = "What did the run that failed leave behind?"


ONE_BY_ONE = "Each one goes out before the next one is made, and none after one that failed."


def check_same_receipts(send_receipts, same, rng):
    """Each receipt is as it was, whoever came before, whatever changed since the last run."""
    ada, ben, chloe = _order(rng, 1, "TEA123456", rounded=True), _order(rng, 2), _order(rng, 3)
    no_lines, no_name = {**ben, "lines": []}, {**chloe, "name": None}
    unreadable = {**ada, "lines": [*ada["lines"], None]}
    mixed = [
        _order(rng, number, rng.choice((None, "TEA654321")), rng.random() < 0.5) for number in range(4, 9)
    ]

    def run(*orders):
        return lambda f, w: _by_line(f(copy.deepcopy(list(orders)), w.relay))

    def refused(f, w):
        w.relay.refused = ben["email"]
        return f([chloe, ben, unreadable], w.relay)

    def gone_out(*orders, refused=None):
        def call(f, w):
            w.relay.refused = refused
            try:
                f(list(orders), w.relay)
            except Exception:  # noqa: BLE001 - which one it is depends on who looks first
                out = len(w.relay.sent)
            else:
                raise Told("the run went on. Where one receipt fails, the run ends with that error.")
            return {OUT: out, NEXT: _by_line(f([chloe], _Relay()))}

        return call

    def now(**changed) -> dict:
        return {
            "prepare": _usual,
            "between": lambda w: w.names["settings"].update(changed),
            "why": BUILT_FROM,
        }

    noted: dict = {"prepare": _usual, "seen": lambda w: w.relay.sent, "why": {"seen": _secured}}
    one_by_one: dict = {"prepare": _usual, "why": {OUT: ONE_BY_ONE, NEXT: FAILED}}
    left: dict = {"prepare": _usual, "why": _left}
    reworded, others = RECEIPT.replace("order", "sales"), _certificates()[1]
    situations = (
        Situation("the settings have changed since the code was loaded", run(ada), _usual, why=BUILT_FROM),
        Situation(
            "a customer has no voucher, and the one before has one", run({**ada, "lines": []}, ben), **left
        ),
        Situation(
            "an amount is exact, and one before was rounded", run({**ada, "voucher": None}, ben), **left
        ),
        Situation(
            "two customers buy the same, and its price is rounded",
            run(ada, {**ben, "lines": ada["lines"]}),
            _usual,
            why="Rounding raises a flag; an amount that is remembered raises none.",
        ),
        Situation("several receipts are sent", run(ada, ben, chloe, *mixed), **noted),
        Situation("the template is changed between two runs", run(ada, ben), **now(receipt=reworded)),
        Situation(
            "the certificates are changed between two runs", run(ada, ben), **now(certificates=others) | noted
        ),
        Situation(
            "the file of the certificates has other ones in it for the second run",
            run(ada, ben),
            **noted
            | {"prepare": _same_file, "between": lambda w: _same_file(w, others), "why": {"seen": STILL}},
        ),
        Situation("there is no order", run(), _usual),
        Situation("an order has no lines, and another no name", run(no_lines, no_name), _usual),
        Situation(
            "the relay refuses the second of three receipts, once",
            gone_out(ben, ada, chloe, refused=ada["email"]),
            **one_by_one,
        ),
        Situation(
            "the second of three orders cannot be read",
            gone_out(ben, unreadable, chloe),
            **one_by_one,
        ),
        Situation(
            "the relay refuses the second receipt, before it is the turn of an order that cannot be read",
            refused,
            _usual,
            raises=ConnectionRefusedError,
        ),
        Situation("the same run is made again", lambda f, w: f([ada, *mixed], w.relay), **noted, again=True),
    )
    same(send_receipts, _relay, situations, noun=_named)


def check_two_runs_at_once(send_receipts, same, rng):
    """A run that begins while another one is under way changes nothing for either."""
    mine = [_order(rng, 1, "TEA111111", rounded=True), _order(rng, 2)]
    others = [_order(rng, 8, "TEA999999", rounded=True), _order(rng, 9)]

    def both(f, w):
        def run(orders, relay):
            return _by_line(f(orders, relay))

        return with_another(lambda orders: run(orders, w.relay), mine, lambda: run(others, _Relay()))

    why = "What do the two runs share, and who writes into it?"
    situation = Situation("a second run begins in another thread", both, _usual, why=why)
    same(send_receipts, _relay, (situation,), noun=_named)


def check_built_once(send_receipts, settings, rng):
    """The TLS context and the template are not built more often for many receipts than for a few."""
    sorts = ((None, False), ("TEA123456", False), (None, True), ("TEA654321", True))
    orders = [_order(rng, number, *sorts[number % 4]) for number in range(MANY)]
    _usual(SimpleNamespace(names={"settings": settings}))
    seen = []
    for number in (FEW, MANY):
        with (
            count_calls(ssl, "SSLContext") as contexts,
            count_calls(ssl.SSLContext, "load_verify_locations") as loaded,
            count_calls("jinja2.environment:Environment.compile") as templates,
        ):
            send_receipts(orders[:number], _Relay())
        seen.append((contexts.count, loaded.count, templates.count))
    what = ("TLS contexts are built", "certificate files are read", "templates are compiled")
    for few, many, done in zip(*seen, what, strict=True):
        assert many <= few, (
            f"{many} {done} for {MANY} receipts, and {few} for {FEW}: more receipts, more of them. "
            "Which of them differs from the one before?"
        )
    made, _, compiled = seen[1]
    return f"{MANY} receipts took {made} TLS context and {compiled} template; as merged, it was one of each for each."


def interest_how_much_faster(as_merged, send_receipts, settings, rng):
    """How much faster ten receipts are here."""
    settings["certificates"] = certifi.where()
    orders = [_order(rng, number) for number in range(10)]
    ratio = compare(lambda: as_merged(orders, _Relay()), lambda: send_receipts(orders, _Relay()))
    return f"Here, your code is {ratio}, for ten receipts."


class _Relay:
    """Notes what goes out, and how; refuses one address, once."""

    def __init__(self):
        self.sent, self.refused = [], None

    def send(self, to, subject, text, tls):
        if to == self.refused:
            self.refused = None
            raise ConnectionRefusedError(f"{to} is refused")
        self.sent.append((to, subject, text, _trusts(tls)))


def _trusts(tls):
    if not isinstance(tls, ssl.SSLContext):
        return f"not a TLS context: {tls!r}"
    checks = "checked" if tls.check_hostname and tls.verify_mode == ssl.CERT_REQUIRED else "not checked"
    return f"{checks}, {tls.cert_store_stats()['x509_ca']} certificates trusted"


def _left(found):
    who = "run before this one" if found.kind == "count" else "receipt before it"
    return f"What did the {who} leave behind?"


def _secured(found):
    if found.path[-1:] != (3,):
        return ""
    return f"the relay is given a TLS context: “{found.given}”; it was “{found.expected}”. When is it built, from which file, and whom does it trust?"


def _relay():
    return nullcontext(SimpleNamespace(relay=_Relay()))


RECEIPT = """{{ name }}, order {{ number }}
{% for line in lines %}{{ line }}
{% endfor %}{{ total }}{% if rounded %} (rounded){% endif %}
{% if voucher %}{{ voucher }}{% else %}no voucher{% endif %}"""


def _usual(w):
    """A short template, and a file with few certificates, since reading the usual ones takes long."""
    w.names["settings"].update(receipt=RECEIPT, certificates=_certificates()[0])


def _same_file(w, content=None):
    """One file, with the usual certificates or with others."""
    _usual(w)
    usual = w.names["settings"]["certificates"]
    path = Path(usual).with_name("same.pem")
    path.write_text(Path(content or usual).read_text())
    # Clocks of files are coarse: a later one is later for sure.
    os.utime(path, ns=(0, 500_000_000 if content else 0))
    w.names["settings"]["certificates"] = str(path)


@cache
def _certificates():
    """Write two files of certificates, and return their paths; they go when this module does."""
    folder = tempfile.TemporaryDirectory()
    every = re.findall(
        "-----BEGIN.*?-----END CERTIFICATE-----\n", Path(certifi.where()).read_text(), re.DOTALL
    )
    paths = [Path(folder.name) / name for name in ("first.pem", "other.pem")]
    for path, part in zip(paths, (every[:2], every[2:5]), strict=True):
        path.write_text("".join(part))
    vars(_certificates)["folder"] = folder
    return [str(path) for path in paths]


def _order(rng, number, voucher=None, rounded=False):
    name = f"{rng.choice(('Ada', 'Ben', 'Chloe'))} & {rng.randrange(10**6)}"
    lines = [
        {"tea": tea, "grams": 100, "price": Decimal(rng.randrange(290, 990)) / 100}
        for tea in ("Assam", "Keemun")
    ]
    if rounded:
        lines[0].update(grams=50, price=Decimal(2 * rng.randrange(145, 495) + 1) / 100)
    return {
        "number": number,
        "name": name,
        "email": f"{number}@town-{number}.example",
        "voucher": voucher,
        "lines": lines,
    }


def _by_line(archive):
    """Split the texts of an archive, so that a difference is one of lines."""
    if not isinstance(archive, list) or not all(isinstance(each, dict) for each in archive):
        return archive
    return [{key: _lines(value) for key, value in each.items()} for each in archive]


def _lines(value):
    return value.splitlines() if isinstance(value, str) else value


def _named(path):
    """Name a line of a receipt."""
    if len(path) > 2 and path[-2] == "text":
        whose = f" of {path[0]} run" if isinstance(path[0], str) else ""
        return f"line {path[-1] + 1} of receipt {path[-3] + 1}{whose}"
    return part_name(path)
