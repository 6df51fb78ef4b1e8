"""The night after a sale: a relay that notes what it sends, three orders, and a file of a few certificates."""

import os
import re
import ssl
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import certifi

ADA, BEN, NO_NAME = range(3)  # of the orders: Ada's receipt is rounded and holds a voucher, Ben's neither
CERTIFICATE = re.compile("-----BEGIN.*?-----END CERTIFICATE-----\n", re.DOTALL)


class Relay:
    """Notes what goes out, and how; refuses one address."""

    def __init__(self):
        self.sent, self.refused = [], None

    def send(self, to, subject, text, tls):
        """Note a receipt."""
        if to == self.refused:
            raise ConnectionRefusedError(f"{to} is refused")
        self.sent.append({"to": to, "subject": subject, "text": text, "tls": trusted(tls)})


def trusted(tls):
    """Say whom a TLS context trusts."""
    if not isinstance(tls, ssl.SSLContext):
        return f"no TLS context, but {tls!r}"
    checks = "checks" if tls.check_hostname and tls.verify_mode == ssl.CERT_REQUIRED else "does not check"
    return f"a context that trusts {tls.cert_store_stats()['x509_ca']} certificates and {checks} host names"


def order(rng, number, grams=100, **more):
    """Make an order; the amount of 50 g has to be rounded, that of 100 g has not."""
    price = Decimal(2 * rng.randrange(145, 495) + 1) / 100
    return {
        "number": number,
        "name": f"Ada & {rng.randrange(10**6)}",
        "email": f"{number}@example.org",
        "voucher": None,
        "lines": [{"tea": "Assam", "grams": grams, "price": price}],
        **more,
    }


def nights(rng):
    """Return what makes a night, with the same orders in each."""
    orders = [order(rng, 1, grams=50, voucher="TEA123456"), order(rng, 2), order(rng, 3, name=None, lines=[])]

    @contextmanager
    def world():
        with TemporaryDirectory() as folder:
            w = SimpleNamespace(relay=Relay(), orders=orders, certificates=Path(folder, "trusted.pem"))
            write_certificates(w, 0, 2)
            os.utime(w.certificates, (0, 0))  # long ago: some clocks of files tick slowly
            yield w

    return world


def write_certificates(w, first, end):
    """Put some of the usual certificates into the file; reading all of them takes long."""
    usual = CERTIFICATE.findall(Path(certifi.where()).read_text())
    w.certificates.write_text("".join(usual[first:end]))
