"""Invoices: orders that are asked for over the network, and documents that are made of them, in pure Python.

Both stand in a module, and not in a notebook's cell, so that a worker process can find them by their names.
"""

import json
import random
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

_WIDE, _HIGH = 80, 256  # dots of a page


@dataclass(frozen=True)
class Order:
    """One order: its number, whose it is, its lines, each a text and pence, and pages of small print.

    reached: what to call with the number while the document is made, for progress bars; it must be possible
    to pickle it.
    """

    number: int
    customer: str
    lines: tuple[tuple[str, int], ...]
    pages: int = 12
    reached: Callable[[int], object] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Larder:
    """The shop's API at an address, asked in plain Python: one call at a time in each thread."""

    address: str

    def order(self, number: int) -> Order:
        """Ask for the order of that number; waits for the network, and for nothing else.

        Raises LookupError where there is none.
        """
        try:
            profile = self._get(f"/customers/{number}")
        except urllib.error.HTTPError as error:
            raise LookupError(f"There is no order {number}") from error
        return order_of(number, profile["name"])

    def _get(self, path: str) -> dict:
        with urllib.request.urlopen(self.address.rstrip("/") + path, timeout=30) as response:
            return json.load(response)


@dataclass(frozen=True)
class PracticeLarder:
    """A larder without a network, for tests: it knows its orders, and tells who asks.

    orders: by number. called: what to call with each number that is asked for. slow: the number that comes
    late. Can be pickled if what it has can be.
    """

    orders: dict[int, Order]
    called: Callable[[int], object] | None = field(default=None, compare=False)
    slow: int | None = None

    def order(self, number: int) -> Order:
        """Return the order of that number; raises LookupError where there is none."""
        if self.called is not None:
            self.called(number)
        if number == self.slow:
            time.sleep(0.03)
        if number not in self.orders:
            raise LookupError(f"There is no order {number}")
        return self.orders[number]


def order_of(
    number: int, customer: str, pages: int = 12, reached: Callable[[int], object] | None = None
) -> Order:
    """Return an order of a customer's, with lines that depend on its number only."""
    chance = random.Random(number)
    teas = [chance.choice(("Assam", "Keemun", "Sencha")) for _ in range(8)]
    lines = tuple((f"TEA-{chance.randrange(1000):03} {tea}", chance.randrange(99, 9999)) for tea in teas)
    return Order(number, customer, lines, pages, reached)


def make_pdf(order: Order) -> bytes:
    """Return the document of an order: work for the processor, in pure Python, that waits for nothing.

    Raises ValueError for an order without lines.
    """
    if order.reached is not None:
        order.reached(order.number)
    if not order.lines:
        raise ValueError(f"order {order.number} has no lines")
    text = [f"Invoice {order.number}", order.customer]
    text += [f"{what:30}{pence / 100:10.2f}" for what, pence in order.lines]
    pages = [zlib.compress(_drawn([*text, f"page {page}"])) for page in range(1, order.pages + 1)]
    return b"%PDF-1.4\n" + "\n".join(text).encode() + b"".join(pages)


def _drawn(text: list[str]) -> bytes:
    """Draw a page in black and white, with the error of each dot handed on to the next."""
    dots, error = bytearray(), 0
    for y in range(_HIGH):
        line = text[y // 16 % len(text)].ljust(_WIDE)
        for x in range(_WIDE):
            error += ord(line[x])
            black = error >= 128
            error -= 128 * black
            dots.append(black)
    return bytes(dots)
