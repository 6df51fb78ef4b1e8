"""The decks as widgets: parts, a card, its answers, and the next card."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kettle.files.course import Part
from kettle.lessons.deck import CHOICES, Card, mistake_of
from kettle.lessons.deck_cards import LOOK, draw
from kettle.lessons.landing_widgets import button, panel, row
from kettle.panels.style import Said, inline, mark

if TYPE_CHECKING:
    from kettle.lessons.deck_panel import Deck


class Screen:
    """The widgets of the decks; they stay the same, so that the keyboard's focus is not lost.

    Args:
        deck: what they are about.
    """

    def __init__(self, deck: Deck) -> None:
        import ipywidgets

        self._deck = deck
        self.parts = {part.letter: self._part_button(part) for part, *_ in deck.offered()}
        self.above, self.below = ipywidgets.HTML(), ipywidgets.HTML()
        self.heading = ipywidgets.Label(tabbable=True).add_class("wk-deck-heading")
        self.choices = [ipywidgets.Button() for _ in range(CHOICES)]
        for index, choice in enumerate(self.choices):
            choice.on_click(lambda _, index=index: deck.choose(index))
        self.next = button("Next card", "Shows another picture")
        self.next.on_click(lambda _: deck.next())
        look = ipywidgets.HTML(LOOK, layout={"display": "none"})
        self._card = ipywidgets.VBox(self.choices, layout={"display": "none"}).add_class("wk-choices")
        self._go_on = row(self.next)
        self._go_on.layout.display = "none"
        parts = row(*self.parts.values())
        self.widget = panel(
            "wk-deck", look, parts, self.heading, self.above, self._card, self.below, self._go_on
        )
        self._name_parts()

    def _part_button(self, part: Part) -> Any:
        import ipywidgets

        found = ipywidgets.Button()
        found.on_click(lambda _: self._deck.part(part.letter))
        return found

    def ask(self, card: Card, heading: str) -> None:
        """Show a card without its answer."""
        self._name_parts()
        self.heading.value = heading
        self.above.value = f"{draw(card).html}<p><b>{inline(card.asks)}</b></p>"
        self._mark(card)
        self.below.value, self.next.description = "", "Next card"
        self._card.layout.display, self._go_on.layout.display = None, "none"
        self.heading.focus()  # the page scrolls there, it is read aloud, and Tab leads to the choices

    def reply(self, card: Card, index: int, said: Said) -> None:
        """Mark the choices, and say why."""
        self._mark(card, {index: "✗", card.answer: "✓"})
        self.below.value = said.html
        self._go_on.layout.display = None
        self._name_parts()

    def over(self, said: Said) -> None:
        """Say that every card was recognised, and offer to begin again."""
        self._name_parts()
        self.heading.value, self.above.value, self.below.value = "", said.html, ""
        self.next.description = "Start again"
        self._card.layout.display, self._go_on.layout.display = "none", None
        self.next.focus()

    def _mark(self, card: Card, signs: Mapping[int, str] = MappingProxyType({})) -> None:
        for place, (choice, each) in enumerate(zip(self.choices, card.choices, strict=True)):
            mark(choice, mistake_of(each).replace("`", ""), signs.get(place, ""))

    def _name_parts(self) -> None:
        chosen = self._deck.chosen
        for part, label, state, done in self._deck.offered():
            here = self.parts[part.letter]
            here.description = f"{label}: {state}"
            here.tooltip = f"You have done {'lessons' if done else 'no lesson'} of this part"
            stands_out = part == chosen if chosen else done
            (here.add_class if stands_out else here.remove_class)("wk-main")
