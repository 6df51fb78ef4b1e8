"""Leaky handles: files and connections stay open after each order, until no more can be opened."""

import os
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from kettle.checking.equivalence import (
    Situation,
    Told,
    another_at_writes,
    asked,
    asked_otherwise,
    overlapping,
    with_another,
)
from kettle.probes.calls import count_calls
from kettle.probes.handles import handles
from kettle.shop import Shop
from kettle.shop.data import Data

from .world import TIMES


def check_same_labels(print_label, same, rng):
    """A desk prints what it printed before: fresh, whole, and nothing for an order that fails."""
    order, other = _order(7, "DE", rng), _order(8, "FR", rng)
    several = [_order(number, country, rng) for number, country in enumerate(TEMPLATES)]

    def one(f, w, order=order):
        return f(_desk(w), dict(order))

    def tried(f, w):
        try:
            value = one(f, w)
        except Exception:  # noqa: BLE001 - what it is may change with the client
            return _spool(w)
        raise Told(
            f"it has to fail, and your code returns {value!r}: a failure that nobody sees. Who is told?"
        )

    def two(f, w):
        desk = _desk(w)
        return with_another(
            lambda looked: f(desk, looked), order, lambda: f(desk, dict(other)), lambda: asked(w)
        )

    def same_order(f, w):
        desk = _desk(w)

        def one():
            return f(desk, dict(order))

        return another_at_writes(one, one, w.folder, lambda: asked(w))

    def after_a_label(spoil=None):
        def prepare(w):
            (w.spool / "7.txt").write_text("an earlier label", encoding="utf-8")
            if spoil:
                spoil(w)

        return prepare

    whole, fresh, none = map(_with, (WHOLE, FRESH, NO_LABEL))
    situations = (
        Situation("a label is printed", one, **whole),
        Situation("several labels are printed", lambda f, w: [one(f, w, each) for each in several], **whole),
        Situation("an order is printed again", one, again=True, **whole),
        Situation("the courier's price changes between two labels", one, between=lambda w: w.shop.revise()),
        Situation("the template changes between two labels", one, between=_new_template, **fresh),
        Situation(
            "nobody delivers", lambda f, w: one(f, w, order | {"courier": 99}), after_a_label(), **none
        ),
        Situation(
            "somebody else prints at the same desk in the middle of a label",
            two,
            **whole | {"seen": _left_by_two},
        ),
        Situation(
            "somebody else prints the same order just before its label is written or renamed",
            same_order,
            **whole | {"seen": _left_by_two},
        ),
        Situation(
            "somebody else opens something at the same desk in the middle of a label",
            _opens_one(order),
            **whole,
        ),
        Situation(
            "two print at one desk at once, and the first one is done first",
            lambda f, w: overlapping(lambda looked: f(_desk(w), looked), order, other, "courier"),
            **whole,
        ),
        Situation("nobody delivers, and somebody prints that order meanwhile, corrected", _corrected(order)),
        *(
            Situation(when, tried, after_a_label(spoil), why=NO_LABEL)
            for when, _, spoil in _ways(order)
            if spoil
        ),
    )
    same(print_label, _world(rng), situations)


def check_every_way_out_closes(print_label, same, rng):
    """Whichever way a call ends, what it opened is closed, and by its own code."""
    order = _order(7, "DE", rng)
    with _world(rng)() as w:  # what a library opens once, at its first use, is no leak
        w.names = same.names
        print_label(_desk(w), dict(order))
    for when, changed, spoil in _ways(order):
        with _world(rng)() as w:
            w.names = same.names
            desk, kept = _desk(w), []
            if spoil:
                spoil(w)
            with count_calls("gc:collect") as collecting, handles() as found:
                for _ in range(TIMES):
                    try:
                        print_label(desk, dict(changed))
                    except Exception as error:  # noqa: BLE001 - whoever reports it keeps it
                        kept.append(error)
                collections, listed = collecting.count, len(desk.opened) - 1
            _judge_open(when, found, kept, listed, collections)
            assert listed <= 0, (
                f"When {when}, `desk.opened` is {listed} longer after {TIMES} calls: closed, and kept all night. Who needs it?"
            )
    return f"On {len(_ways(order))} ways out, {TIMES} calls each left no descriptor open."


TEMPLATES = {
    "DE": "DE → {name}, {postcode}: {price} p, {days} d",
    "FR": "\r\n  {name}\r\n\r\n{postcode} FR\r\n",  # saved on Windows
    "GB": "",
}


NAMES = ("Ada Berg", "Jürgen Haas", "Esi Moreau", "Léa Grau")


WHOLE = "Is the label whole when the call is over, the same to its line ends, and nothing beside it?"


FRESH = "The template was changed, by an older file: what is kept from an earlier label?"


NO_LABEL = "An order that cannot be printed leaves the spool as it was: when is the label opened?"


def _order(number, country, rng):
    return {
        "number": number,
        "name": rng.choice(NAMES),
        "country": country,
        "courier": rng.choice(Data.couriers),
        "postcode": f"{rng.randrange(100_000):05}",
    }


def _ways(order):
    """Ways out of a call: when, the order, and what the world does (None: nothing)."""
    path = f"/couriers/{order['courier']}/quote"
    return (
        ("a label is printed", order, None),
        ("nobody delivers", order | {"courier": 99}, None),
        ("the quote fails with status 503", order, lambda w: w.shop.break_calls(path)),
        ("the connection breaks", order, lambda w: w.shop.break_calls(path, status=None)),
        ("the template asks for what the order lacks", order, lambda w: _new_template(w, "{phone}")),
        ("there is no template for the country", order, lambda w: (w.folder / "DE.txt").unlink()),
        ("a folder stands where the label should go", order, _folder_for_a_label),
    )


def _world(rng):
    """Return a world with a shop, three templates, a spool, and a log book that is open all night."""
    seed = rng.randrange(1 << 30)

    @contextmanager
    def world():
        with (
            Shop(seed) as shop,
            TemporaryDirectory(ignore_cleanup_errors=True) as name,
            shop.traffic() as traffic,
        ):
            shop.set(latency=0.0)
            w = SimpleNamespace(
                shop=shop, traffic=traffic, folder=Path(name), spool=Path(name) / "spool", desk=None
            )
            w.spool.mkdir()
            for country, text in TEMPLATES.items():
                (w.folder / f"{country}.txt").write_text(text, encoding="utf-8", newline="")
            try:
                yield w
            finally:
                if w.desk:
                    w.desk.close()

    return world


def _desk(w):
    if w.desk is None:
        w.desk = w.names["Desk"](w.folder, w.spool, w.shop.url.removeprefix("http://"))
        w.desk.opened.append(_Book())
    return w.desk


def _opens_one(order):
    def call(f, w):
        desk, late = _desk(w), [_Book()]

        def opens():
            if late:  # once, however often the order is looked at
                desk.opened.append(late.pop())

        return with_another(lambda looked: f(desk, looked), order, opens)["the first"]

    return call


def _corrected(order):
    def call(f, w):
        desk, left = _desk(w), [_spool(w)]

        def other():
            f(desk, order | {"name": f"{NAMES[0]} {len(left)}"})
            left.append(_spool(w))

        def one(looked):
            value = f(desk, looked)
            if _spool(w) != left[-1]:
                raise Told("theirs is not in the spool any more. What does your code put back, or take away?")
            return value

        return with_another(one, order | {"courier": 99}, other)

    return call


def _new_template(w, text="new: {name} {price}"):
    (w.folder / "DE.txt").write_text(text, encoding="utf-8")
    os.utime(w.folder / "DE.txt", (1e9, 1e9))  # put back from an older copy


def _folder_for_a_label(w):
    (w.spool / "7.txt").unlink(missing_ok=True)
    (w.spool / "7.txt").mkdir()


def _spool(w):
    return {
        path.name: path.read_bytes().decode().replace(os.linesep, "\n") if path.is_file() else "a folder"
        for path in sorted(w.spool.iterdir())
    }


def _seen(w):
    books = [each.state for each in w.desk.opened if isinstance(each, _Book)]
    return {"book": books, "spool": _spool(w), "asked": asked(w)}


def _left_by_two(w):
    """The other one prints at each look into the order, so what is asked depends on the number of looks."""
    return {what: seen for what, seen in _seen(w).items() if what != "asked"}


def _with(why) -> dict:
    return {"seen": _seen, "why": {"seen": _in_the_spool(why)}}


def _in_the_spool(why):
    def told(found):
        if found.path[0] == "book":
            return "what others have put into `desk.opened` for the whole night is closed, or gone from it. Whose is it?"
        if found.path[0] == "asked":
            return "the larder " + asked_otherwise(replace(found, path=found.path[1:])).removeprefix(
                "the shop "
            )
        what = {"missing": "is missing", "extra": "is there, and was not before"}.get(
            found.kind, f"holds {found.given!r}, and held {found.expected!r}"
        )
        return f"`{found.path[-1]}` in the spool {what}. {why}"

    return told


class _Book:
    state = "open"

    def close(self):
        self.state = "closed"


def _judge_open(when, found, kept, listed, collections):
    left = found.opened_left
    kinds = Counter(Path(each.what).name if each.kind == "file" else each.kind for each in left)
    more = "1 descriptor more is" if len(left) == 1 else f"{len(left)} descriptors more are"
    what = ", ".join(f"{number} × {name}" for name, number in sorted(kinds.items()))
    who = "Which way out goes past the closing?"
    if listed > 0:
        who = "`desk.opened` refers to them until the night is over."
        if collections:
            who += f" And gc.collect() ran {collections} times: it takes apart only what nothing refers to."
    elif len(left) < TIMES:
        who = "Is that kept for a later call? Each call closes its own."
    elif kept:
        who = "Each exception is kept, as whoever reports it does, and refers to the call's variables. Which line closes them when it raises?"
    assert not left, f"When {when}, {more} open after {TIMES} calls ({what}). {who}"
    assert not found.warnings, (
        f"When {when}, nothing stays open, but not by your code: Python closes what nothing refers to any more, "
        f"and complains of it with a ResourceWarning, such as for {_unclosed(found.warnings[0])}."
    )


def _unclosed(warning):
    name = re.search(r"name='([^']+)'", warning)
    return f"the file {Path(name[1]).name}" if name else "a socket" if "socket" in warning else f"“{warning}”"
