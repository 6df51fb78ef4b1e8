"""The marks that pictures share: bars whose state shows by colour and by texture, time axes, filled steps."""

from collections.abc import Iterable, Sequence

from kettle.pictures.palette import WORDS
from kettle.pictures.scale import Scale, ticks
from kettle.pictures.svg import Markup, join, tag, text, width
from kettle.pictures.units import number

_TEXTURES = {
    "blocked": ("M-1,7 L7,-1 M-1,1 L1,-1 M5,7 L7,5", 6),  # slanted lines
    "failed": ("M0,0 L8,8 M8,0 L0,8", 8),  # crossed lines
    "orphan": ("M3,0 L3,6", 6),  # upright lines
}


def patterns(ids: str) -> Markup:
    """Return the textures of the states that have one, for the `<defs>` of a drawing."""
    return tag(
        "defs",
        *(
            tag(
                "pattern",
                tag("path", d=path, class_="kp-hatch"),
                id=f"{ids}-{state}",
                width=step,
                height=step,
                patternUnits="userSpaceOnUse",
            )
            for state, (path, step) in _TEXTURES.items()
        ),
    )


def bar(
    ids: str, state: str, x: float, y: float, width: float, height: float, tooltip: str | None = None
) -> Markup:
    """Return a bar in a state's colour and texture; never thinner than one unit, so that nothing is lost."""
    width = max(float(width), 1.0)
    y, height = float(y), float(height)
    if state in {"waiting", "cancelled"}:  # outlined: the stroke stays inside
        inset = 0.5 if width > 2 else 0.0
        shape = {"x": x + inset, "y": y + 0.5, "width": max(width - 2 * inset, 0.5), "height": height - 1}
    else:
        shape = {"x": float(x), "y": y, "width": width, "height": height}
    drawn = [tag("rect", **shape, class_=f"kp-{state}")]
    if state in _TEXTURES and width >= 4:
        drawn.append(tag("rect", **shape, fill=f"url(#{ids}-{state})"))
    return tag("g", tag("title", tooltip) if tooltip else None, *drawn)


def sample(mark: Markup) -> Markup:
    """Return a mark drawn on 24 × 12 units as a small picture of its own, for the legend."""
    return tag("svg", mark, width=24, height=12, viewBox="0 0 24 12", aria_hidden="true")


def present(states: Iterable[str]) -> dict[str, str]:
    """Return the states that occur, in the palette's order, each with its words."""
    found = set(states)
    return {state: words for state, words in WORDS.items() if state in found}


def row_label(scale: Scale, middle: float, words: str, class_: str = "") -> Markup:
    """Return the label of a row, at the left of its scale; `middle` is the height of the row's middle."""
    room = scale.left - 10
    return text(room, middle + 4.5, words, room=room, class_=f"kp-end {class_}".rstrip())


def label_room(words: Iterable[str]) -> float:
    """Return the width of the column of labels, its margin included."""
    return min(max((width(label) for label in words), default=0.0) + 10, 190)


def time_axis(scale: Scale, top: float, bottom: float, total: float) -> Markup:
    """Return light vertical lines and their times below, from 0 s, in the unit that suits `total` seconds."""
    unit, factor = ("s", 1.0) if total >= 1 else ("ms", 1e3)
    return axis(scale, top, bottom, [(t / factor, number(t)) for t in ticks(scale.high * factor)], unit)


def axis(
    scale: Scale, top: float, bottom: float, marks: Sequence[tuple[float, str]], unit: str = ""
) -> Markup:
    """Return light vertical lines, each labelled below; the last label carries the unit."""
    drawn = []
    for i, (value, words) in enumerate(marks):
        x = scale(value)
        label = f"{words} {unit}".rstrip() if i == len(marks) - 1 else words
        drawn.append(tag("line", x1=x, x2=x, y1=float(top), y2=float(bottom), class_="kp-grid"))
        drawn.append(text(x, bottom + 15, label, class_="kp-muted kp-middle"))
    return join(drawn)
