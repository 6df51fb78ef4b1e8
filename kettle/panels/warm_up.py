"""The warm-up: three questions from earlier lessons, answered by clicking."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from kettle.checking import Question, load_checks
from kettle.panels.style import Said, inline, sheet, show

BACK = (
    1,
    3,
    7,
)  # lessons back: retrieval that is spaced out lasts longer than retrieval of what was just read
WELCOME = "00_start_here"  # its check file has questions that need no lesson


def choose(stem: str, stems: Sequence[str]) -> tuple[tuple[str, Question], ...]:
    """Choose three questions from the check files of earlier lessons.

    Args:
        stem: this lesson.
        stems: all lessons that exist, in order.

    Returns:
        Pairs of the lesson asked about and its question; fewer than three only if there are no more.
    """
    number = int(stem[:2])
    earlier = sorted((other for other in stems if other < stem), reverse=True)
    chosen: list[tuple[str, Question]] = []
    for back in BACK:
        left = [other for other in earlier if int(other[:2]) <= number - back and other not in dict(chosen)]
        questions = next(((other, asked) for other in left if (asked := _questions(other))), None)
        if questions:
            other, asked = questions
            chosen.append((other, asked[number % len(asked)]))
    # The first lessons have too few before them: take more of the same, then those of the welcome page.
    for other in (*earlier, WELCOME):
        taken = [question for _, question in chosen]
        chosen += [
            (other, question) for question in _questions(other) if question not in taken and other == WELCOME
        ]
    return tuple(chosen[: len(BACK)])


def _questions(stem: str) -> tuple[Question, ...]:
    try:
        return tuple(load_checks(stem).RECALL)
    except (FileNotFoundError, AttributeError):
        return ()


class WarmUp:
    """Questions on the screen; a click answers one, once, and says why.

    Args:
        questions: pairs of a lesson's stem and a question.
        record: called with "recalled", the question and whether the answer was right.
    """

    def __init__(self, questions: Sequence[tuple[str, Question]], record: Callable[..., None]) -> None:
        self.questions = tuple(questions)
        self.record = record
        self.answered: dict[int, int] = {}
        self._cards: list[tuple] = []

    def show(self) -> None:
        """Display the questions, as buttons where the front end has them."""
        show(self._widget(), self.text())

    def text(self) -> str:
        """Return the questions as plain text."""
        lines = ["Warm-up: three questions, from memory."]
        for number, (_, question) in enumerate(self.questions, 1):
            lines.append(f"{number}. {question.text}")
            lines += [
                f"   {letter}) {choice}" for letter, choice in zip("abcdefgh", question.choices, strict=False)
            ]
        lines.append("Without buttons: lesson.recall(1, 'a') answers the first question.")
        return "\n".join(lines)

    def answer(self, number: int, choice: int) -> Said:
        """Answer a question; the first answer counts.

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
        said = reply(question, self.answered[number])
        if self._cards:
            self._mark(number, said)
        return said

    def _mark(self, number: int, said: Said) -> None:
        _, question = self.questions[number]
        buttons, below = self._cards[number]
        for index, button in enumerate(buttons):
            button.disabled = True
            if index == question.answer:
                button.add_class("wk-right")
                button.description = f"✓ {question.choices[index]}"
            elif index == self.answered[number]:
                button.add_class("wk-wrong")
                button.description = f"✗ {question.choices[index]}"
        below.value = said.html

    def _widget(self):
        import ipywidgets

        cards = []
        for number, (_, question) in enumerate(self.questions):
            buttons = [ipywidgets.Button(description=choice.replace("`", "")) for choice in question.choices]
            below = ipywidgets.HTML()
            for index, button in enumerate(buttons):
                button.on_click(lambda _, number=number, index=index: self.answer(number, index))
            choices = ipywidgets.VBox(buttons).add_class("wk-choices")
            asked = ipywidgets.HTML(f"<p><b>{number + 1}.</b> {inline(question.text)}</p>")
            cards.append(ipywidgets.VBox([asked, choices, below]).add_class("wk-question"))
            self._cards.append((buttons, below))
        title = ipywidgets.HTML('<p class="wk-heading">Warm-up: three questions, from memory</p>')
        return ipywidgets.VBox([sheet(), title, *cards]).add_class("wk").add_class("wk-warm-up")


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
