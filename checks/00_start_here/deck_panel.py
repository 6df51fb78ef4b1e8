"""What the page of the decks shows and offers to click: parts, a card, its answers, and the next card."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

from kettle.files.course import PARTS, Part
from kettle.files.progress import Progress
from kettle.lessons.deck import Card, answers, cards, lessons_done, mistake_of, next_card, parts
from kettle.lessons.landing_tables import link_to, name_of
from kettle.lessons.landing_widgets import button, panel, row
from kettle.panels.style import Said, inline, mark, show
from kettle.pictures.palette import stylesheet

LETTERS = "abcd"
LOOK = f"""<style>{stylesheet()}
.wk-deck .kettle-picture pre, .wk-deck.wk-deck .kettle-picture pre {{ margin: 0; padding: .5em .7em; overflow-x: auto; white-space: pre;
  border: 1px solid var(--wk-edge); background: var(--wk-plate); color: var(--wk-ink); line-height: 1.4;
  font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px); }}
.wk-deck .kettle-picture pre:focus-visible {{ outline: 3px solid var(--wk-link); outline-offset: 2px; }}
.wk-deck .kettle-picture {{ max-width: none; padding-left: 0; }} .wk-deck .kettle-picture .kp-scroll {{ max-width: 664px; }}
.wk-deck a {{ color: var(--wk-link); text-decoration: underline; }}
</style>"""
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
        self._part: Part | None = None
        self._card: Card | None = None
        self._said: Said | None = None  # the reply to the first answer; None while there is none
        self._recent: list[str] = []
        self._again = False
        self._screen: _Screen | None = None

    def __repr__(self) -> str:
        return "\n".join([self.overview().text, HOW])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {} if self._screen else {"text/plain": repr(self)}

    def show(self) -> None:
        """Display the decks, as buttons where the front end has them."""
        self._screen = _Screen(self)
        show(self._screen.widget, repr(self))

    # --- what a learner does

    def part(self, letter: str) -> Said:
        """Choose the part whose cards come, by its letter, and show a card of it."""
        self._part = next((each for each in parts() if each.letter == str(letter).strip().upper()[:1]), None)
        self._again, self._recent = False, []
        return self.next()

    def next(self) -> Said:
        """Show the next card; when all were recognised, say so, and go through them again."""
        if self._part is None:
            return self._shown(self.overview())
        deck, known = cards(self._part), answers(self._progress)
        found = partial(next_card, deck, known, recent=self._recent, done=lessons_done(self._progress))
        was_over = self._part and self._card is None and not self._again and bool(self._recent)
        self._again = self._again or was_over
        self._card, self._said = found(again=self._again), None
        if self._card is None:
            self._recent = self._recent or [deck[-1].name]
            return self._shown(self._all_recognised())
        return self._shown(self.question())

    def answer(self, letter: str) -> Said:
        """Answer the card by the letter of a choice; the first answer is kept."""
        index = LETTERS.find(str(letter).strip().lower()[:1] or "?")
        if self._card is None or not 0 <= index < len(self._card.choices):
            return Said(f"<p>{escape(HOW)}</p>", HOW)
        return self.choose(index)

    def choose(self, index: int) -> Said:
        """Answer the card by the index of a choice."""
        card = self._card
        assert card is not None
        if self._said is None:
            right = index == card.answer
            self._progress.record(
                card.lesson.notebook_id("lesson"), "recalled", question=card.name, right=right
            )
            self._recent.append(card.name)
        self._said = reply(card, index)
        if self._screen:
            self._screen.answered(card, index, self._said)
        return self._said

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
            found.append((part, f"{part.letter}. {part.name}", state + missed, bool(done & set(part.numbers))))
        return sorted(found, key=lambda each: not each[-1])

    def question(self) -> Said:
        """Return the card as it is shown before its answer."""
        assert self._card is not None
        drawn = draw(self._card)
        choices = [f"{letter}) {mistake_of(each)}" for letter, each in zip(LETTERS, self._card.choices, strict=False)]
        listed = "".join(f"<li>{inline(mistake_of(each))}</li>" for each in self._card.choices)
        html = f'{drawn.html}<p><b>{inline(self._card.asks)}</b></p><ol type="a">{listed}</ol>'
        text = "\n".join([self.heading(), drawn.text, "", self._card.asks, *choices, HOW])
        return Said(f'{LOOK}<div class="wk wk-deck"><p class="wk-soft">{escape(self.heading())}</p>{html}</div>', text)

    def heading(self) -> str:
        """Say which deck this is, how far this learner is, and why this card comes."""
        assert self._part is not None
        state = next(state for part, _, state, _ in self.offered() if part == self._part)
        said = f"Part {self._part.letter}, {self._part.name}: {state}."
        if self._card is None:
            return said
        known = answers(self._progress).get(self._card.name)
        if known is False:
            return f"{said} You missed this card before."
        if self._card.lesson.stem not in lessons_done(self._progress):
            return f"{said} This card is from a lesson that you have not done yet."
        return said

    def _all_recognised(self) -> Said:
        text = f"{self.heading()} You have recognised every card. The next card starts again, longest ago first."
        return Said(f'<p class="wk-good" role="status">{escape(text)}</p>', text)

    def _shown(self, said: Said) -> Said:
        if self._screen:
            self._screen.update(said)
        return said


def draw(card: Card) -> Said:
    """Draw a card's picture, with its words folded up beneath it."""
    caption = inline(card.shows)
    if not card.html:
        trace = f'<pre tabindex="0">{escape(card.text)}</pre>'
        figure = (
            f'<figure class="kettle-picture mathjax_ignore" data-lm-suppress-shortcuts="true">'
            f"<figcaption>{caption}</figcaption>{trace}</figure>"
        )
        return Said(figure, f"{card.shows}\n\n{card.text}")
    words = f"<details><summary>The picture in words</summary><pre tabindex=\"0\">{escape(card.text)}</pre></details>"
    html = card.html.replace("></figcaption>", f">{caption}</figcaption>").replace("</figure>", f"{words}</figure>")
    return Said(html, f"{card.shows}\n\n{card.text}")


def reply(card: Card, index: int) -> Said:
    """Say whether an answer is right, what to look for, and which lesson it is from."""
    right = index == card.answer
    word = "Right." if right else "Not this time."
    answer = "" if right else f" The mistake: {mistake_of(card.lesson)}"
    lesson = name_of(card.lesson)
    link = link_to(card.lesson.notebook.name, lesson)
    again = "" if right else " This card comes again."
    html = (
        f'<div class="wk wk-box wk-{"right" if right else "wrong"}" role="status" aria-live="polite"><p>'
        f'<b class="wk-{"good" if right else "bad"}">{word}</b>{inline(answer)}</p>'
        f"<p><b>What to look for:</b> {inline(card.why)}</p><p>Lesson: {link}.{again}</p></div>"
    )
    return Said(html, f"{word}{answer} What to look for: {card.why} Lesson: {lesson}.{again}")


class _Screen:
    """The widgets of the decks; they stay the same, so that the keyboard's focus is not lost."""

    def __init__(self, deck: Deck) -> None:
        import ipywidgets

        self._deck = deck
        self._parts = {part.letter: self._part_button(part) for part, *_ in deck.offered()}
        self._above, self._below = ipywidgets.HTML(), ipywidgets.HTML()
        self._choices = [ipywidgets.Button() for _ in LETTERS]
        for index, choice in enumerate(self._choices):
            choice.on_click(lambda _, index=index: deck.choose(index))
        self._next = button("Next card", "Shows another picture")
        self._next.on_click(lambda _: self._go_on(deck.next))
        look = ipywidgets.HTML(LOOK, layout={"display": "none"})
        self._card = ipywidgets.VBox(self._choices).add_class("wk-choices")
        self._go = row(self._next)
        self.widget = panel("wk-deck", look, row(*self._parts.values()), self._above, self._card, self._below, self._go)
        self.update(None)

    def _part_button(self, part: Part) -> Any:
        import ipywidgets

        found = ipywidgets.Button()
        found.on_click(lambda _: self._go_on(partial(self._deck.part, part.letter)))
        return found

    def _go_on(self, work: Any) -> None:
        work()
        (self._choices[0] if self._deck._card else self._next).focus()

    def update(self, said: Said | None) -> None:
        """Show a card without its answer, or, where there is none, what is said instead."""
        card = self._deck._card
        self._name_parts()
        self._below.value = ""
        self._card.layout.display = None if card else "none"
        self._go.layout.display = None if said and not card else "none"
        self._next.description = "Start again" if self._deck._part and not card else "Next card"
        if card is None:
            self._above.value = said.html if said and self._deck._part else ""
            return
        self._above.value = (
            f'<p class="wk-soft" role="status">{escape(self._deck.heading())}</p>{draw(card).html}'
            f"<p><b>{inline(card.asks)}</b></p>"
        )
        for choice, each in zip(self._choices, card.choices, strict=True):
            mark(choice, mistake_of(each).replace("`", ""))

    def answered(self, card: Card, index: int, said: Said) -> None:
        """Mark the choices, and say why."""
        for place, (choice, each) in enumerate(zip(self._choices, card.choices, strict=True)):
            sign = "✓" if place == card.answer else "✗" if place == index else ""
            mark(choice, mistake_of(each).replace("`", ""), sign)
        self._below.value = said.html
        self._go.layout.display = None
        self._name_parts()

    def _name_parts(self) -> None:
        for part, label, state, done in self._deck.offered():
            here = self._parts[part.letter]
            here.description = f"{label}: {state}"
            here.tooltip = "You have done lessons of this part" if done else "You have done no lesson of this part yet"
            chosen = part == self._deck._part
            (here.add_class if chosen or (done and not self._deck._part) else here.remove_class)("wk-main")
