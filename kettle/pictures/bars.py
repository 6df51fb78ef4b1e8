"""Horizontal bars: what was measured, filled, beside what was predicted, in outline."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import axis, label_room
from kettle.pictures.points import of_bars
from kettle.pictures.scale import Scale, ticks
from kettle.pictures.svg import Markup, join, tag, text, width
from kettle.pictures.units import in_unit, number, spelled, times

MOST_ITEMS = 40


def bar_chart(
    items: Mapping[str, float] | Iterable[tuple[str, float]],
    *,
    title: str = "Measured",
    predicted: Mapping[str, float] | Sequence[float] | None = None,
    unit: str = "s",
    point: str = "",
) -> Picture:
    """Draw one horizontal bar an item, in the order given.

    Args:
        items: label and measured value (0 or more), as a mapping or as pairs.
        title: the caption.
        predicted: what was expected: by label, or one value an item; None where nothing was.
        unit: of all values; "s" and "ms" are written with the prefix that suits, "B" as bytes, "%" as is.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    measured = [(str(label), float(value)) for label, value in _pairs(items)]
    guesses = _guesses(measured, predicted)
    hidden = max(0, len(measured) - MOST_ITEMS)
    says = _says(measured, guesses, unit)
    if hidden:
        says += f" The picture leaves out the last {hidden:,}."
    table = _table(measured, guesses, unit)
    shown = list(zip(measured, guesses, strict=True))[:MOST_ITEMS]
    return _draw(title, says, shown, unit, table, point or of_bars(measured, unit))


def prediction_beside_fact(
    predicted: float | None, measured: float, unit: str = "s", label: str = "", point: str = ""
) -> Picture:
    """Draw a learner's prediction above what was measured, on one scale.

    Args:
        predicted: the number locked in before the run, or None.
        measured: the fact, in the same unit.
        unit: of both, as in bar_chart().
        label: what the number is, for the caption.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    fact = in_unit(measured, unit)
    if predicted is None:
        says, point = f"Measured: {fact}.", point or "Nothing was predicted."
    else:
        says = f"Predicted: {in_unit(predicted, unit)}; measured: {fact}."
        point = point or _verdict(predicted, measured)
    rows = [(("predicted", None), predicted)] if predicted is not None else []
    rows.append((("measured", measured), None))
    title = label or "Prediction beside fact"
    return _draw(title, says, rows, unit, None, point)


def _pairs(items: Any) -> Iterable[tuple[str, float]]:
    return items.items() if isinstance(items, Mapping) else items


def _guesses(measured: Sequence[tuple[str, float]], predicted: Any) -> list[float | None]:
    if predicted is None:
        return [None] * len(measured)
    if isinstance(predicted, Mapping):
        return [predicted.get(label) for label, _ in measured]
    return [*predicted, *[None] * (len(measured) - len(predicted))][: len(measured)]


def _draw(title: str, says: str, rows: Sequence, unit: str, table: Table | None, point: str) -> Picture:
    ids = new_ids()
    both = any(guess is not None and value is not None for (_, value), guess in rows)
    row = 40 if both else 22
    values = [v for (_, value), guess in rows for v in (value, guess) if v is not None]
    high = max(values, default=0.0) or 1.0
    behind = max((width(in_unit(v, unit)) for v in values), default=0.0) + 12  # room for the numbers
    scale = Scale(0, high, label_room(label for (label, _), _ in rows), WIDTH - max(70, min(behind, 200)))
    bottom = 4 + row * max(len(rows), 1)
    drawn = [_ticks(scale, bottom, unit)]
    for i, ((label, value), guess) in enumerate(rows):
        drawn.append(_row(scale, 4 + i * row, row, label, value, guess, unit))
    shape = {"x": 1, "y": 1, "width": 22, "height": 10}
    legend = [
        entry(tag("rect", **shape, class_="kp-outline"), "predicted"),
        entry(tag("rect", **shape, class_="kp-running"), "measured"),
    ]
    legend = legend if both else ()
    return figure(ids, title, says, drawn, bottom + 24, point=point, legend=legend, table=table)


def _ticks(scale: Scale, bottom: float, unit: str) -> Markup:
    # A time or a size is written with one prefix along the whole axis.
    factor, shown = 1.0, unit
    if unit == "s" and scale.high < 1:
        factor, shown = 1e3, "ms"
    elif unit == "B":
        power = next((p for p in (9, 6, 3) if scale.high >= 10**p), 0)
        factor, shown = 10.0**-power, {9: "GB", 6: "MB", 3: "kB", 0: "B"}[power]
    marks = [(t / factor, number(t)) for t in ticks(scale.high * factor)]
    return axis(scale, 2, bottom, marks, shown)


def _row(
    scale: Scale, y: float, row: float, label: str, value: float | None, guess: float | None, unit: str
) -> Markup:
    middle = y + row / 2
    drawn = [text(scale.left - 10, middle + 4.5, label, room=scale.left - 10, class_="kp-end")]
    if value is not None:
        top = middle + 2 if guess is not None else middle - 6
        drawn.append(_one(scale, top, value, unit, "kp-running", f"{label}: "))
    if guess is not None:
        top = middle - 14 if value is not None else middle - 6
        drawn.append(_one(scale, top, guess, unit, "kp-outline", f"{label}, predicted: "))
    return join(drawn)


def _one(scale: Scale, y: float, value: float, unit: str, class_: str, before: str) -> Markup:
    x = scale(value)
    words = in_unit(value, unit)
    muted = "kp-muted" if class_ == "kp-outline" else None
    shape = {"x": scale.left, "y": y, "width": max(x - scale.left, 1.0), "height": 12}
    return tag(
        "g",
        tag("title", before + words),
        tag("rect", **shape, class_=class_),
        text(x + 6, y + 10.5, words, class_=muted),
    )


def _says(measured: Sequence[tuple[str, float]], guesses: Sequence[float | None], unit: str) -> str:
    if not measured:
        return "Nothing was measured. There is nothing to see."
    label, most = max(measured, key=lambda pair: pair[1])
    known = [(lab, g) for (lab, _), g in zip(measured, guesses, strict=True) if g is not None]
    if not known:
        lowest, least = min(measured, key=lambda pair: pair[1])
        if len(measured) == 1:
            return f"{label}: {in_unit(most, unit)}."
        ends = f"from {in_unit(least, unit)} ({lowest}) to {in_unit(most, unit)} ({label})"
        return f"{spelled(len(measured), 'bar')}, {ends}."
    first = f"The largest of {len(measured):,} is {label} ({in_unit(most, unit)})."
    guessed, high = max(known, key=lambda pair: pair[1])
    agreed = "as predicted" if guessed == label else f"the prediction was {guessed}"
    here = dict(measured)[guessed]
    values = f"{in_unit(high, unit)} and measured at {in_unit(here, unit)}"
    return f"{first[:-1]}; {agreed}. {guessed} was predicted at {values}."


def _verdict(predicted: float, measured: float) -> str:
    if predicted == measured:
        return "The prediction was right."
    if predicted <= 0 or measured <= 0:
        return "They differ."
    ratio = measured / predicted
    if 0.9 <= ratio <= 1.1:
        return "The prediction was close."
    return (
        f"The fact is {times(ratio)} the prediction."
        if ratio > 1
        else f"The prediction is {times(1 / ratio)} the fact."
    )


def _table(measured: Sequence[tuple[str, float]], guesses: Sequence[float | None], unit: str) -> Table:
    if all(g is None for g in guesses):
        return Table(["Item", "Measured"], [[label, in_unit(v, unit)] for label, v in measured])
    rows = [
        [label, "–" if g is None else in_unit(g, unit), in_unit(v, unit)]
        for (label, v), g in zip(measured, guesses, strict=True)
    ]
    return Table(["Item", "Predicted", "Measured"], rows)
