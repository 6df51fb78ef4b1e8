"""Churn in the loop: an expensive object is built again for each item, or shared although it keeps state."""

import re
import ssl
import tempfile
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace

import certifi

from kettle.checking import Case, Contract
from kettle.checking.equivalence import Told, with_another
from kettle.checking.equivalence.sentences import part_name
from kettle.checking.worlds import World
from kettle.probes.calls import count_calls

ADA, BEN, CHLOE, NO_NAME = range(4)  # Ada's receipt is rounded and holds a voucher, Ben's neither
FEW, MANY = 3, 30
PEM = "-----BEGIN.*?-----END CERTIFICATE-----\n"
RECEIPT = """{{ name }}, order {{ number }}
{% for line in lines %}{{ line }}
{% endfor %}{{ total }}{% if rounded %} (rounded){% endif %}
{% if voucher %}{{ voucher }}{% else %}no voucher{% endif %}"""


class Relay:
    """Notes what goes out, and how; refuses one address."""

    def __init__(self):
        self.sent, self.refused = [], None

    def send(self, to, subject, text, tls):
        """Note a receipt."""
        if to == self.refused:
            raise ConnectionRefusedError(f"{to} is refused")
        self.sent.append((to, subject, text, trusted(tls)))


def trusted(tls):
    """Say whom a TLS context trusts."""
    if not isinstance(tls, ssl.SSLContext):
        return f"no TLS context, but {tls!r}"
    checks = "checks" if tls.check_hostname and tls.verify_mode == ssl.CERT_REQUIRED else "does not check"
    return f"a context that trusts {tls.cert_store_stats()['x509_ca']} certificates and {checks} host names"


def order(rng, number, voucher=None, rounded=False, **more):
    """Make an order, whose amounts are exact or have to be rounded."""
    grams, pence = (50, 2 * rng.randrange(145, 495) + 1) if rounded else (100, rng.randrange(290, 990))
    return {
        "number": number,
        "name": f"Ada & {rng.randrange(10**6)}",
        "email": f"{number}@example.org",
        "voucher": voucher,
        "lines": [{"tea": "Assam", "grams": grams, "price": Decimal(pence) / 100}],
        **more,
    }


def post_room(rng):
    """Return what makes a relay, orders, and a file of certificates."""
    orders = [order(rng, 1, "TEA123456", rounded=True), order(rng, 2), order(rng, 3)]
    orders.append(order(rng, 4, name=None, lines=[]))
    return lambda: nullcontext(SimpleNamespace(relay=Relay(), orders=orders))


def morning(w):
    """Set a short template, and few certificates, since reading the usual ones takes long."""
    path, first, _ = certificates()
    path.write_text(first)
    w.names["settings"].update(receipt=RECEIPT, certificates=str(path))


def reworded(w):
    """Let Priya word the template in another way."""
    w.names["settings"].update(receipt=RECEIPT.replace("order", "sales"))


def replaced(w):
    """Let Tomasz put other certificates into the same file."""
    path, _, other = certificates()
    path.write_text(other)


def refusing(w):
    """Let the relay refuse Ben's receipt."""
    morning(w)
    w.relay.refused = w.orders[BEN]["email"]


@cache
def certificates():
    """Return the path of a file, and two contents for it; the file goes when this module does."""
    folder = tempfile.TemporaryDirectory()
    vars(certificates)["folder"] = folder
    every = re.findall(PEM, Path(certifi.where()).read_text(), re.DOTALL)
    return Path(folder.name) / "trusted.pem", "".join(every[:2]), "".join(every[2:5])


def by_line(archive):
    """Split the texts of an archive into lines, so that a difference is one of lines."""
    if not isinstance(archive, list) or not all(isinstance(each, dict) for each in archive):
        return archive
    return [
        {key: value.splitlines() if isinstance(value, str) else value for key, value in each.items()}
        for each in archive
    ]


def run(send_receipts, w, *which):
    """Send the receipts of some orders."""
    return by_line(send_receipts([w.orders[each] for each in which], w.relay))


def as_given(send_receipts, w):
    """Send a receipt, and return the archive itself, which its owner may change."""
    return send_receipts([w.orders[ADA]], w.relay)


def refused(send_receipts, w):
    """Send three receipts, of which the relay refuses the second; return how many went out."""
    try:
        run(send_receipts, w, CHLOE, BEN, ADA)
    except ConnectionRefusedError:
        return {"receipts that went out": len(w.relay.sent)}
    raise Told(lesson.say("went_on"))


def two_runs(send_receipts, w):
    """Send receipts, while another run sends others in another thread."""
    mine, others = [w.orders[ADA], w.orders[CHLOE]], [w.orders[CHLOE], w.orders[ADA]]
    return with_another(
        lambda orders: by_line(send_receipts(orders, w.relay)),
        mine,
        lambda: by_line(send_receipts(others, Relay())),
    )


def line_name(path):
    """Name a line of a receipt."""
    if len(path) > 2 and path[-2] == "text":
        whose = f" of {path[0]} run" if isinstance(path[0], str) else ""
        return f"line {path[-1] + 1} of receipt {path[-3] + 1}{whose}"
    return part_name(path)


def loaded(found):
    """Say where a template comes from that is worded as in the notebook."""
    return lesson.say("settings") if "Dear" in str(found.given) else None


def sent(found):
    """Say what is wrong with what the relay was given."""
    if found.path[-1:] != (3,):
        return ""
    return lesson.say("context", expected=found.expected, got=found.given)


LEFT = {"text": "left", "seen": sent}
case = partial(Case, prepare=morning)
lesson = Contract(
    "send_receipts",
    world=World(("rng",), post_room),
    call=run,
    observe=lambda w: w.relay.sent[-1:],
    again=False,
    noun=line_name,
    why={"seen": sent},
    cases={
        "the settings have changed since the code was loaded": case(BEN, why=loaded, observe=False),
        "a customer has no voucher, and the one before has one": case(ADA, BEN, why=LEFT),
        "an order has no name and no lines": case(NO_NAME, ADA),
        "the same run is made again": case(call=as_given, again=True, why=LEFT),
        "Priya rewords the template between two runs": case(ADA, between=reworded, why="settings"),
        "Tomasz replaces the file of certificates between two runs": case(
            ADA, between=replaced, why={"seen": sent}
        ),
        "the relay refuses the second of three receipts": Case(
            call=refused, prepare=refusing, observe=False, why="one_by_one"
        ),
        "a second run begins in another thread": case(call=two_runs, observe=False, why="shared"),
    },
)


@lesson.cause
def built_once(send_receipts, settings, rng):
    """Count what is built for a few receipts and for many."""
    morning(SimpleNamespace(names={"settings": settings}))
    orders = [order(rng, number, rounded=number % 3 == 0) for number in range(MANY)]
    seen = []
    for number in (FEW, MANY):
        with (
            count_calls(ssl, "SSLContext") as contexts,
            count_calls("jinja2.environment:Environment.compile") as templates,
        ):
            send_receipts(orders[:number], Relay())
        seen.append((contexts.count, templates.count))
    for few, many, line in zip(*seen, ("tls = …", "template = …"), strict=True):
        assert many <= few, lesson.say("built", line=line, few=few, many=many, n=MANY, less=FEW)
    return lesson.say("once", contexts=seen[1][0], templates=seen[1][1], n=MANY)


@lesson.faster
@contextmanager
def ten_receipts(settings, rng):
    """Send ten receipts, with the usual certificates."""
    settings["certificates"] = certifi.where()
    orders = [order(rng, number) for number in range(10)]
    yield lambda send_receipts: send_receipts(orders, Relay())
