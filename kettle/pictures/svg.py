"""A few lines of SVG: elements that escape what they are given, and text that is shortened to fit."""

import html
import re
from collections.abc import Iterable

# XML 1.0 has no way to write these characters, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Room is reckoned for about the size that text takes on a narrow screen (see palette.py), in drawing units.
TEXT = 15.5

_NARROW, _WIDE = set("ilj.,:;'|!()[]/ I"), set("mwMW@%—")


class Markup(str):
    """Text that is markup already and must not be escaped again."""

    __slots__ = ()


def escape(text: object) -> Markup:
    """Return text that is safe as content and as an attribute, with what XML cannot hold replaced."""
    return Markup(html.escape(_NOT_XML.sub("\ufffd", str(text)), quote=True))


def join(children: Iterable[object]) -> Markup:
    """Return children one after the other: markup as it is, anything else escaped; None is left out."""
    return Markup("".join(c if isinstance(c, Markup) else escape(c) for c in children if c is not None))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """Return an element: `class_` stands for class, underscores for hyphens, None leaves an attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = join(children)
    if not inside and name in _EMPTY:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{inside}</{name}>")


_EMPTY = {"rect", "line", "path", "circle", "polyline", "use", "br"}


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return escape(value)


def text(x: float, y: float, words: str, *, room: float | None = None, class_: str | None = None) -> Markup:
    """Return a line of text with its baseline at y; shortened, with a tooltip, to fit in `room`."""
    shown = words if room is None else shorten(words, room)
    tooltip = tag("title", words) if shown != words else None
    return tag("text", tooltip, shown, x=float(x), y=float(y), class_=class_)


def width(words: str, size: float = TEXT) -> float:
    """Estimate how wide text is, in the same units as its font size; errs on the wide side."""
    return size * sum(_advance(character) for character in words)


def _advance(character: str) -> float:
    if character in _NARROW:
        return 0.34
    if character in _WIDE or ord(character) > 0x2E80:
        return 1.0 if ord(character) > 0x2E80 else 0.92
    if character in "frt":
        return 0.42
    return 0.7 if character.isupper() else 0.6


def shorten(words: str, room: float, size: float = TEXT) -> str:
    """Return text no wider than `room`: the middle goes, since paths differ at their ends."""
    words = " ".join(words.split())
    room += 0.01  # a room that was reckoned from these very words may be too small by rounding
    if width(words, size) <= room:
        return words
    keep = len(words) - 1
    while keep > 2:
        head = keep // 2
        candidate = f"{words[:head].rstrip()}…{words[len(words) - (keep - head) :].lstrip()}"
        if width(candidate, size) <= room:
            return candidate
        keep -= 1
    return words[:1] + "…"
