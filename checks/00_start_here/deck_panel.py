"""The decks: a part is chosen, a card is answered, the next one comes; by clicking and as code."""

from __future__ import annotations

from html import escape
from typing import Any

from kettle.files.course import Part
from kettle.files.progress import Progress
from kettle.lessons.deck import Card, answers, cards, lessons_done, mistake_of, next_card, parts
from kettle.lessons.deck_cards import LOOK, draw, reply
from kettle.lessons.deck_screen import Screen
from kettle.panels.style import Said, inline, show

LETTERS = "abcd"
HOW = "Without buttons: deck.part('C') shows a card of part C, deck.answer('b') answers it, deck.next() shows the next one."


def decks(progress: Progress | None = None) -> Deck:
    """Show the decks, and return them, to be used without buttons, too."""
    deck = Deck(progress or Progress())
    deck.show()
    return deck


class Deck:
    """The decks on the screen: a part is chosen, a card is answered, the next one comes.

    Args:
        progress: where the answers are kept.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.chosen: Part | None = None
        self.card: Card | None = None
        self._answered = False
        self._recent: list[str] = []
        self._over = False  # every card of the part was recognised
        self._again = False  # and they come once more
        self.screen: Screen | None = None

    def __repr__(self) -> str:
        return f"{self.overview().text}\n{HOW}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {} if self.screen else {"text/plain": repr(self)}

    def show(self) -> None:
        """Display the decks, as buttons where the front end has them."""
        self.screen = Screen(self)
        show(self.screen.widget, repr(self))

    # --- what a learner does

    def part(self, letter: str) -> Said:
        """Choose the part whose cards come, by its letter, and show a card of it."""
        self.chosen = next((each for each in parts() if each.letter == str(letter).strip().upper()[:1]), None)
        self.card, self._recent, self._over, self._again = None, [], False, False
        return self.next()

    def next(self) -> Said:
        """Show the next card. When all were recognised, say so; after that, go through them again."""
        if self.chosen is None:
            return self.overview()
        self._again = self._again or self._over
        self.card = next_card(
            cards(self.chosen),
            answers(self._progress),
            recent=self._recent,
            done=lessons_done(self._progress),
            again=self._again,
        )
        self._over, self._answered = self.card is None, False
        if self.card is None:
            return self._all_recognised()
        if self.screen:
            self.screen.ask(self.card, self.heading(self.card))
        return self.question(self.card)

    def answer(self, letter: str) -> Said:
        """Answer the card by the letter of a choice; the first answer is kept."""
        index = LETTERS.find(str(letter).strip().lower()[:1] or "?")
        if self.card is None or not 0 <= index < len(self.card.choices):
            return Said(f"<p>{escape(HOW)}</p>", HOW)
        return self.choose(index)

    def choose(self, index: int) -> Said:
        """Answer the card by the index of a choice."""
        if (card := self.card) is None:
            return self.overview()
        if not self._answered:
            self._answered, right = True, index == card.answer
            home = card.lesson.notebook_id("lesson")
            self._progress.record(home, "recalled", question=card.name, right=right)
            self._recent.append(card.name)
        said = reply(card, index)
        if self.screen:
            self.screen.reply(card, index, said)
        return said

    # --- what is told

    def overview(self) -> Said:
        """Tell the parts, those with lessons done first, and how many of their cards were recognised."""
        lines = [f"{label} ({state})" for _, label, state, _ in self.offered()]
        text = "\n".join(["Choose a part:", *lines])
        return Said("".join(f"<p>{escape(line)}</p>" for line in text.splitlines()), text)

    def offered(self) -> list[tuple[Part, str, str, bool]]:
        """Return the parts, their names, how far this learner is, and whether a lesson of it was done."""
        known, done = answers(self._progress), {int(stem[:2]) for stem in lessons_done(self._progress)}
        found = []
        for part in parts():
            deck = cards(part)
            told = [known[card.name] for card in deck if card.name in known]
            state = f"{sum(told)} of {len(deck)} recognised"
            missed = f", {told.count(False)} to repeat" if False in told else ""
            found.append(
                (part, f"{part.letter}. {part.name}", state + missed, bool(done & set(part.numbers)))
            )
        return sorted(found, key=lambda each: not each[-1])

    def question(self, card: Card) -> Said:
        """Return a card as it is shown before its answer."""
        drawn, mistakes = draw(card), [mistake_of(each) for each in card.choices]
        listed = "".join(f"<li>{inline(each)}</li>" for each in mistakes)
        heading = self.heading(card)
        html = (
            f'{LOOK}<div class="wk wk-deck"><p class="wk-soft">{escape(heading)}</p>{drawn.html}'
            f'<p><b>{inline(card.asks)}</b></p><ol type="a">{listed}</ol></div>'
        )
        choices = [f"{letter}) {each}" for letter, each in zip(LETTERS, mistakes, strict=True)]
        return Said(html, "\n".join([heading, drawn.text, "", card.asks, *choices, HOW]))

    def heading(self, card: Card) -> str:
        """Say which part this is, how far this learner is, and why a card comes."""
        told = self.state()
        if answers(self._progress).get(card.name) is False:
            return f"{told} You missed this card before."
        if card.lesson.stem not in lessons_done(self._progress):
            return f"{told} This card is from a lesson that you have not done yet."
        return told

    def state(self) -> str:
        """Say which part was chosen, and how far this learner is."""
        return next(
            (f"{name}: {state}." for part, name, state, _ in self.offered() if part == self.chosen), ""
        )

    def _all_recognised(self) -> Said:
        again = "The next card starts again, with the one that you saw longest ago."
        text = f"{self.state()} You have recognised every card. {again}"
        said = Said(f'<p class="wk-good" role="status">{escape(text)}</p>', text)
        if self.screen:
            self.screen.over(said)
        return said
