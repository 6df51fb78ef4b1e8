"""Predictions: numbers that are locked in before the run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kettle.panels.style import inline, sheet, show
from kettle.pictures.units import in_unit


@dataclass(frozen=True)
class Asked:
    """A question that is answered by a number.

    Args:
        name: how code calls it.
        text: the question.
        unit: of the number, such as "s" or "calls"; may be empty.
    """

    name: str
    text: str
    unit: str = ""


def parse(text: str) -> float:
    """Read the number that a learner typed, also with a decimal comma or a unit.

    Raises:
        ValueError: it is no number, or negative.
    """
    words = text.strip().replace("\u202f", "").replace(" ", "")
    digits = words.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%µ")
    if "," in digits and "." not in digits:
        whole, _, rest = digits.partition(",")
        digits = (
            digits.replace(",", "")
            if len(rest) == 3 and whole not in ("", "0")
            else digits.replace(",", ".", 1)
        )
    value = float(digits.replace(",", ""))
    if not math.isfinite(value) or value < 0:
        raise ValueError("expected a number of zero or more")
    return value


class Predict:
    """The panel that asks for numbers and locks them in.

    Args:
        asked: the questions.
        locked: what was locked in before, by name.
        lock_in: called with the numbers by name; returns what is locked in now.
    """

    def __init__(self, asked: tuple[Asked, ...], locked: Mapping[str, float], lock_in: Callable) -> None:
        self.asked = asked
        self.locked = dict(locked)
        self.lock_in = lock_in
        self._fields: dict = {}

    def show(self) -> None:
        """Display the questions, or what was locked in."""
        show(self._widget(), self.text())

    def text(self) -> str:
        """Return the questions, and what was locked in, as plain text."""
        lines = ["Predict before you run it:"]
        for each in self.asked:
            known = each.name in self.locked
            state = f" Locked in: {in_unit(self.locked[each.name], each.unit)}." if known else ""
            lines.append(f"  {each.text}{state}")
        if self.still_open():
            names = ", ".join(f"{each.name}=…" for each in self.still_open())
            lines.append(f"Without widgets: lesson.lock_in({names})")
        return "\n".join(lines)

    def refresh(self, locked: Mapping[str, float]) -> None:
        """Show what is locked in by now."""
        self.locked = dict(locked)
        for each in self.asked:
            if each.name in self.locked and each.name in self._fields:
                field = self._fields[each.name]
                field.value, field.disabled = in_unit(self.locked[each.name], each.unit), True
        if self._fields and not self.still_open():
            self._button.disabled, self._button.description = True, "Locked in"
            self._say("Locked in. Now run the next cell and see how close you were.")

    def still_open(self) -> list[Asked]:
        """List the questions without a locked-in number."""
        return [each for each in self.asked if each.name not in self.locked]

    def _say(self, sentence: str, tone: str = "wk-soft") -> None:
        self._below.value = f'<p class="{tone}" role="status" aria-live="polite">{inline(sentence)}</p>'

    def _click(self, _: object = None) -> None:
        numbers = {}
        for each in self.still_open():
            try:
                numbers[each.name] = parse(self._fields[each.name].value)
            except ValueError:
                self._say(f"This question still needs a number, and a guess is enough: {each.text}", "wk-bad")
                return
        self.refresh(self.lock_in(numbers))

    def _widget(self) -> Any:
        import ipywidgets

        rows = []
        for each in self.asked:
            # The description is the field's label, also for a screen reader.
            hint = f"a number, in {each.unit}" if each.unit else "a number"
            field = ipywidgets.Text(description=each.text.replace("`", ""), placeholder=hint)
            self._fields[each.name] = field
            rows.append(field)
        self._button = ipywidgets.Button(description="Lock in").add_class("wk-main").add_class("wk-lock-in")
        self._button.on_click(self._click)
        self._below = ipywidgets.HTML()
        title = ipywidgets.HTML('<p class="wk-heading">Predict before you run it</p>')
        line = ipywidgets.HBox([self._button]).add_class("wk-row")
        panel = ipywidgets.VBox([sheet(), title, *rows, line, self._below])
        self.refresh(self.locked)
        return panel.add_class("wk").add_class("wk-predict")
