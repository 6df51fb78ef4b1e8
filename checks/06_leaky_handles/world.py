"""A night in a check: a shop, templates, a spool with an earlier label, and a log book that is open all night."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from kettle.shop import Shop
from kettle.shop.data import Data

TIMES = 3  # calls on each way out
TEMPLATE = "DE → {name}, {postcode}: {price} p, {days} d"
LABEL = "7.txt"


class Book:
    """Something that others have opened for the whole night."""

    state = "open"

    def close(self) -> None:
        """Note that somebody closes it."""
        self.state = "closed"


def nights(rng: Random) -> Callable:
    """Return what makes a night, with the same order in each."""
    seed = rng.randrange(1 << 30)
    order = {"number": 7, "name": rng.choice(("Ada Berg", "Jürgen Haas", "Léa Grau")), "country": "DE"}
    order |= {"courier": rng.choice(Data.couriers), "postcode": f"{rng.randrange(100_000):05}"}

    @contextmanager
    def world() -> Iterator[SimpleNamespace]:
        with Shop(seed) as shop, TemporaryDirectory(ignore_cleanup_errors=True) as name:
            shop.set(latency=0.0)
            w = SimpleNamespace(shop=shop, folder=Path(name), spool=Path(name, "spool"), book=Book())
            w.order, w.desk = dict(order), None
            w.spool.mkdir()
            new_template(w, TEMPLATE)
            try:
                yield w
            finally:
                if w.desk:
                    w.desk.close()

    return world


def desk_of(w: Any) -> Any:
    """Return the desk of a night, made by the version that is played."""
    if w.desk is None:
        w.desk = w.names["Desk"](w.folder, w.spool, w.shop.url.removeprefix("http://"))
        w.desk.opened.append(w.book)
    return w.desk


def earlier_label(w: Any) -> None:
    """Put a label into the spool that was printed before."""
    (w.spool / LABEL).write_text("an earlier label", encoding="utf-8")


def new_template(w: Any, text: str) -> None:
    """Write another template."""
    (w.folder / "DE.txt").write_text(text, encoding="utf-8")


def breaks(w: Any, status: int | None) -> None:
    """Let the courier's quote fail; without a status, its connection breaks."""
    w.shop.break_calls(f"/couriers/{w.order['courier']}/quote", status=status)


def left_behind(w: Any) -> dict[str, Any]:
    """Return what is in the spool afterwards, and how it stands with the log book."""
    spool = {path.name: path.read_text(encoding="utf-8") for path in sorted(w.spool.iterdir())}
    kept = any(each is w.book for each in w.desk.opened)
    return {"spool": spool, "log book": w.book.state if kept else "not listed"}


def nobody_delivers(w: Any) -> None:
    """Let the order be one that no courier takes, with an earlier label of it."""
    w.order["courier"] = 99
    earlier_label(w)


def unprintable(w: Any) -> None:
    """Let the template ask for what the order lacks."""
    new_template(w, "{phone}")


WAYS: dict[str, Callable] = {
    "a label is printed": lambda w: None,
    "nobody delivers": nobody_delivers,
    "the quote fails": lambda w: breaks(w, 503),
    "the connection breaks": lambda w: breaks(w, None),
    "the template asks for what the order lacks": unprintable,
}
"""Ways out of a call: when it is taken, and what leads to it, given the world."""
