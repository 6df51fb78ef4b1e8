"""The warm-up: up to three questions from lessons that this learner has done, answered by clicking."""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from kettle.checking import Question, words_of
from kettle.panels.style import Said, inline, mark, sheet, show

BACK = (1, 3, 7)  # lessons back: retrieval that is spread out lasts longer than retrieval right after reading
NOTHING = "Nothing to ask yet. The questions of a warm-up come from lessons that you have done."


def choose(
    stem: str, done: Collection[str], answered: Mapping[str, bool] | None = None
) -> tuple[tuple[str, Question], ...]:
    """Choose up to three questions from lessons that this learner has done.

    Those that were answered wrong come first; then those never asked, then those answered right longest ago.

    Args:
        stem: this lesson.
        done: the lessons that this learner has run or solved.
        answered: whether the last answer to a question was right, by its text, longest ago first.

    Returns:
        Pairs of the lesson asked about and its question. Where nothing was done yet: this lesson's `GUESS`.
    """
    decks = _decks(stem, done)
    if not decks:
        return tuple((stem, guess) for guess in _guess(stem))
    answered = dict(answered or {})
    when = {text: place for place, text in enumerate(answered, 1)}
    missed = [(o, q) for o, deck in decks.items() for q in deck if answered.get(q.text) is False]
    asked = sorted(missed, key=lambda pair: when[pair[1].text])[: len(BACK)]
    number = int(stem[:2])
    left = {}
    for other, deck in decks.items():
        turned = deck[number % len(deck) :] + deck[: number % len(deck)]  # another one in each lesson
        rest = [q for q in turned if (other, q) not in missed]
        left[other] = sorted(rest, key=lambda question: when.get(question.text, 0))
    while len(asked) < len(BACK) and any(left.values()):
        lessons = [other for other, _ in asked]
        next_one = min((other for other in left if left[other]), key=lessons.count)
        asked.append((next_one, left[next_one].pop(0)))
    return tuple(asked)


def _decks(stem: str, done: Collection[str]) -> dict[str, tuple[Question, ...]]:
    """Return the questions of the lessons done, by lesson: first those one, three and seven lessons back."""
    number = int(stem[:2])
    others = [other for other in done if other != stem]
    # The nearest before this one first; then those after it, for learners who take another order.
    others.sort(key=lambda other: (other > stem, abs(int(other[:2]) - number)))
    known = {other: questions for other in others if (questions := _questions(other))}
    spaced: list[str] = []
    for back in BACK:
        spaced += [o for o in known if int(o[:2]) <= number - back and o not in spaced][:1]
    return {other: known[other] for other in (*spaced, *known)}


def _questions(stem: str) -> tuple[Question, ...]:
    try:
        return words_of(stem).recall
    except FileNotFoundError:
        return ()


def _guess(stem: str) -> tuple[Question, ...]:
    try:
        return words_of(stem).guess
    except FileNotFoundError:
        return ()


class WarmUp:
    """Questions on the screen; each click answers one and says why, and the first answer is recorded.

    Args:
        stem: this lesson.
        questions: pairs of a lesson's stem and a question.
        record: called with "recalled", the question and whether the answer was right.
    """

    def __init__(
        self, stem: str, questions: Sequence[tuple[str, Question]], record: Callable[..., None]
    ) -> None:
        self.questions = tuple(questions)
        self.record = record
        self.answered: dict[int, int] = {}
        self.title = _title(stem, self.questions)
        self._cards: list[tuple] = []

    def show(self) -> None:
        """Display the questions, as buttons where the front end has them."""
        show(self._widget() if self.questions else None, self.text())

    def text(self) -> str:
        """Return the questions as plain text."""
        if not self.questions:
            return NOTHING
        lines = [f"{self.title}."]
        for number, (_, question) in enumerate(self.questions, 1):
            lines.append(f"{number}. {question.text}")
            lines += [
                f"   {letter}) {choice}" for letter, choice in zip("abcdefgh", question.choices, strict=False)
            ]
        lines.append("Without buttons: lesson.recall(1, 'a') answers the first question.")
        return "\n".join(lines)

    def answer(self, number: int, choice: int) -> Said:
        """Answer a question; each answer gets its own verdict, and the first one is recorded.

        Args:
            number: of the question, from 0.
            choice: index of the answer, from 0.

        Raises:
            IndexError: there is no such question or choice.
        """
        _, question = self.questions[number]
        question.choices[choice]
        if number not in self.answered:
            self.answered[number] = choice
            self.record("recalled", question=question.text, right=choice == question.answer)
        said = reply(question, choice)
        if self._cards:
            self._mark(number, choice, said)
        return said

    def _mark(self, number: int, choice: int, said: Said) -> None:
        _, question = self.questions[number]
        buttons, below = self._cards[number]
        for index, button in enumerate(buttons):
            sign = "✓" if index == question.answer else "✗" if index == choice else ""
            mark(button, question.choices[index].replace("`", ""), sign)
        below.value = said.html

    def _widget(self) -> Any:
        import ipywidgets

        cards, self._cards = [], []
        for number, (_, question) in enumerate(self.questions):
            buttons = [ipywidgets.Button(description=choice.replace("`", "")) for choice in question.choices]
            below = ipywidgets.HTML()
            for index, button in enumerate(buttons):
                button.on_click(lambda _, number=number, index=index: self.answer(number, index))
            choices = ipywidgets.VBox(buttons).add_class("wk-choices")
            asked = ipywidgets.HTML(f"<p><b>{number + 1}.</b> {inline(question.text)}</p>")
            cards.append(ipywidgets.VBox([asked, choices, below]).add_class("wk-question"))
            self._cards.append((buttons, below))
        title = ipywidgets.HTML(f'<p class="wk-heading">{self.title}</p>')
        return ipywidgets.VBox([sheet(), title, *cards]).add_class("wk").add_class("wk-warm-up")


def _title(stem: str, questions: Sequence[tuple[str, Question]]) -> str:
    if [other for other, _ in questions] == [stem]:
        return "Guess before you read on"
    number = {1: "one question", 2: "two questions"}.get(len(questions), "three questions")
    return f"Warm-up: {number}, from memory"


def reply(question: Question, choice: int) -> Said:
    """Say whether an answer is right, and why."""
    right = choice == question.answer
    word = "Right." if right else "Not this time."
    answer = "" if right else f" The answer: {question.choices[question.answer]}."
    tone = "wk-right" if right else "wk-wrong"
    body = (
        f'<b class="wk-{"good" if right else "bad"}">{word}</b>{html.escape(answer)} {inline(question.why)}'
    )
    return Said(
        f'<div class="wk wk-box {tone}" role="status" aria-live="polite"><p>{body}</p></div>',
        f"{word}{answer} {question.why}",
    )
