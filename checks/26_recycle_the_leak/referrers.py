"""Who keeps an object alive: the shortest chain of referrers from it up to a module, found and drawn."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, figure, new_ids
from kettle.pictures.svg import Markup, tag, text

BOX, GAP, MOST = 44, 34, 8  # heights in drawing units; and how many steps up are looked at


@dataclass(frozen=True)
class Link:
    """One object of a chain: what it is, and how it refers to the one before it ("" for the first)."""

    what: str
    by: str = ""


def chain_of(thing: Any) -> list[Link]:
    """Return the shortest chain of objects from `thing` up to the module that keeps it alive.

    Each object refers to the one before it. Where no module is found, only `thing` is in it.
    """
    loaded = reversed(sys.modules.items())  # a module of two names goes by the first one
    modules = {id(vars(module)): name for name, module in [*loaded] if hasattr(module, "__dict__")}
    level: list[tuple[Any, ...]] = [(thing,)]
    seen, mine = {id(thing)}, [level]
    for _ in range(MOST):
        above: list[tuple[Any, ...]] = []
        mine.append(above)
        for path in level:
            for each in gc.get_referrers(path[-1]):
                if id(each) in modules and (name := _name_in(each, path[-1])):
                    return [*_links(path), Link(f"the module {modules[id(each)]}", f"by the name {name}")]
                own = isinstance(each, FrameType) or each is path or any(each is one for one in mine)
                if not own and id(each) not in seen and id(each) not in modules:
                    seen.add(id(each))
                    above.append((*path, each))
        level = above
    return [Link(_what(thing))]


def _name_in(names: dict, thing: Any) -> str:
    """Return a module's name for a thing; those of IPython's history begin with an underscore."""
    found = (name for name, value in names.items() if value is thing)
    return next((name for name in found if not name.startswith("_")), "")


def _links(path: tuple[Any, ...]) -> list[Link]:
    return [Link(_what(each), _by(each, path[place - 1]) if place else "") for place, each in enumerate(path)]


def _what(thing: Any) -> str:
    kind = type(thing).__name__
    if isinstance(thing, dict | list | set | tuple):
        number = len(thing)
        return f"a {kind} with {number:,} {'entry' if number == 1 else 'entries'}"
    words = repr(thing)
    return words if len(words) < 60 else f"{words[:56]}…"


def _by(holder: Any, thing: Any) -> str:
    if isinstance(holder, dict):
        key = next((key for key, value in holder.items() if value is thing), None)
        return f"by the key {key!r}"
    return "by its index" if isinstance(holder, list | tuple) else "by an attribute"


def referrers(thing: Any, *, title: str = "Who keeps it alive") -> Picture:
    """Draw the shortest chain of objects from `thing` up to the module that keeps it alive."""
    links = chain_of(thing)
    drawn: list[Markup] = []
    for place, link in enumerate(links):
        y = 4.0 + place * (BOX + GAP)
        if place:
            drawn.append(_arrow(WIDTH / 2, y, y - GAP))
            drawn.append(
                text(WIDTH / 2 + 14, y - GAP / 2 + 4.5, link.by, room=WIDTH / 2 - 20, class_="kp-muted")
            )
        box = {"x": 30.0, "y": y, "width": WIDTH - 60.0, "height": float(BOX), "rx": 6}
        drawn.append(tag("rect", **box, class_="kp-tick kp-running-ink"))
        drawn.append(text(WIDTH / 2, y + BOX / 2 + 4.5, link.what, room=WIDTH - 80, class_="kp-middle"))
    return figure(
        new_ids(),
        title,
        _said(links),
        drawn,
        len(links) * (BOX + GAP) - GAP + 8,
        table=Table(["Object", "refers to the one above"], [[link.what, link.by] for link in links]),
    )


def _arrow(x: float, y: float, end: float) -> Markup:
    """Draw an arrow from y up to `end`: it points at what is referred to."""
    head = f"M{x - 5:.1f},{end + 9:.1f}L{x:.1f},{end + 2:.1f}L{x + 5:.1f},{end + 9:.1f}"
    return tag("path", d=f"M{x:.1f},{y:.1f}V{end + 2:.1f}{head}", class_="kp-ink-line")


def _said(links: list[Link]) -> str:
    if len(links) == 1:
        return f"No module refers to {links[0].what}."
    steps = [f"{link.what}, {link.by}" for link in links[1:]]
    return f"{links[0].what} is kept alive by {'; that one by '.join(steps)}."
