"""Horizontal bars: what was measured, filled, beside what was predicted, in outline."""

from collections.abc import Mapping, Sequence

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import axis, label_room, row_label
from kettle.pictures.points import of_bars
from kettle.pictures.scale import Scale, ticks
from kettle.pictures.svg import Markup, join, tag, text, width
from kettle.pictures.units import in_unit, number, plural, prefix, times

Row = tuple[str, float | None, float | None]  # label, measured, predicted


def bar_chart(
    items: Mapping[str, float],
    *,
    title: str = "Measured",
    predicted: Mapping[str, float] | None = None,
    unit: str = "s",
    point: str = "",
) -> Picture:
    """Draw one horizontal bar an item, in the order given.

    Args:
        items: label and measured value (0 or more).
        title: the caption.
        predicted: what was expected, by label.
        unit: of all values; "s" and "ms" are written with the prefix that suits, "B" as bytes, "%" as is.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    measured = {str(label): float(value) for label, value in items.items()}
    guesses = {label: predicted.get(label) for label in measured} if predicted else {}
    rows = [(label, value, guesses.get(label)) for label, value in measured.items()]
    known = {label: guess for label, guess in guesses.items() if guess is not None}
    says = _says(measured, known, unit)
    return _draw(title, says, rows, unit, point or of_bars(measured, unit), _table(rows, bool(known), unit))


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
    rows: list[Row] = [("measured", measured, None)]
    fact = in_unit(measured, unit)
    if predicted is None:
        says, point = f"Measured: {fact}.", point or "No prediction was made."
    else:
        rows.insert(0, ("predicted", None, predicted))
        says = f"Predicted: {in_unit(predicted, unit)}; measured: {fact}."
        point = point or _verdict(predicted, measured)
    return _draw(label or "Prediction and measurement", says, rows, unit, point)


def _draw(
    title: str, says: str, rows: Sequence[Row], unit: str, point: str, table: Table | None = None
) -> Picture:
    both = any(guess is not None and value is not None for _, value, guess in rows)
    row = 40 if both else 22
    values = [v for _, *pair in rows for v in pair if v is not None]
    behind = max((width(in_unit(v, unit)) for v in values), default=0.0) + 12  # room for the numbers
    right = WIDTH - max(70, min(behind, 200))
    scale = Scale(0, max(values, default=0.0) or 1.0, label_room(label for label, *_ in rows), right)
    bottom = 4 + row * max(len(rows), 1)
    factor, shown = prefix(scale.high, unit)
    drawn = [axis(scale, 2, bottom, [(t / factor, number(t)) for t in ticks(scale.high * factor)], shown)]
    drawn += [_row(scale, 4 + i * row + row / 2, each, unit) for i, each in enumerate(rows)]
    shape = {"x": 1, "y": 1, "width": 22, "height": 10}
    legend = [
        entry(tag("rect", **shape, class_="kp-outline"), "predicted"),
        entry(tag("rect", **shape, class_="kp-running"), "measured"),
    ]
    height, legend = bottom + 24, legend if both else []
    return figure(new_ids(), title, says, drawn, height, point=point, legend=legend, table=table)


def _row(scale: Scale, middle: float, row: Row, unit: str) -> Markup:
    label, value, guess = row
    drawn = [row_label(scale, middle, label)]
    if value is not None:
        top = middle + 2 if guess is not None else middle - 6
        drawn.append(_one(scale, top, value, unit, "kp-running", f"{label}: "))
    if guess is not None:
        top = middle - 14 if value is not None else middle - 6
        drawn.append(_one(scale, top, guess, unit, "kp-outline", f"{label}, predicted: "))
    return join(drawn)


def _one(scale: Scale, y: float, value: float, unit: str, class_: str, before: str) -> Markup:
    x, words = scale(value), in_unit(value, unit)
    shape = {"x": scale.left, "y": y, "width": max(x - scale.left, 1.0), "height": 12}
    return tag(
        "g",
        tag("title", before + words),
        tag("rect", **shape, class_=class_),
        text(x + 6, y + 10.5, words, class_="kp-muted" if class_ == "kp-outline" else None),
    )


def _says(measured: Mapping[str, float], known: Mapping[str, float], unit: str) -> str:
    if not measured:
        return "Nothing was measured."
    label, lowest = max(measured, key=measured.__getitem__), min(measured, key=measured.__getitem__)
    most, least = in_unit(measured[label], unit), in_unit(measured[lowest], unit)
    if known:
        guessed = max(known, key=known.__getitem__)
        agreed = ", as predicted" if guessed == label else f"; the prediction said {guessed}"
        values = f"{in_unit(known[guessed], unit)} predicted, {in_unit(measured[guessed], unit)} measured"
        return f"The largest of {len(measured):,} is {label} ({most}){agreed}. {guessed}: {values}."
    if len(measured) == 1:
        return f"{label}: {most}."
    return f"{plural(len(measured), 'bar')}, from {least} ({lowest}) to {most} ({label})."


def _verdict(predicted: float, measured: float) -> str:
    if predicted == measured:
        return "The prediction was right."
    if predicted <= 0 or measured <= 0:
        return "The prediction was off."
    ratio = measured / predicted
    if 0.9 <= ratio <= 1.1:
        return "The prediction was close."
    if ratio > 1:
        return f"The measured value is {times(ratio)} the prediction."
    return f"The prediction is {times(1 / ratio)} the measured value."


def _table(rows: Sequence[Row], known: bool, unit: str) -> Table:
    def written(value: float | None) -> str:
        return "–" if value is None else in_unit(value, unit)

    if known:
        data = [(label, written(guess), written(value)) for label, value, guess in rows]
        return Table(["Item", "Predicted", "Measured"], data)
    return Table(["Item", "Measured"], [(label, written(value)) for label, value, _ in rows])
