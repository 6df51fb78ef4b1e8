"""The decks: pictures of the lessons' mistakes, recorded from real runs, and which of them comes next.

A card is a `[[deck]]` entry in the words.toml of a lesson, and a picture in its deck.json. To add one, write the
entry and run `python benchmarks/record_deck.py 24`: there is nothing to register.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from kettle.files.course import PARTS, LessonFiles, Part, lessons
from kettle.files.history import last_answers
from kettle.files.progress import Progress
from kettle.files.words import read_words

FILE = "deck.json"  # in a lesson's folder of checks; benchmarks/record_deck.py writes it
QUESTION = "Which mistake is this?"
CHOICES = 4
GAP = 2  # other cards before a missed one comes again: long enough to have to remember it


@dataclass(frozen=True)
class Card:
    """One card: a recorded picture, and whose mistake it is.

    Args:
        lesson: the lesson whose mistake it is.
        picture: where it comes from, such as "lesson/run-it"; see benchmarks/record_deck.py.
        shows: its caption, which does not name the mistake.
        why: which feature of the picture tells the mistake.
        html: the picture; "" for printed text.
        text: the picture in words and numbers, or the printed text.
        others: lessons whose mistakes it could be taken for.
        asks: the question.
    """

    lesson: LessonFiles
    picture: str
    shows: str
    why: str
    html: str
    text: str
    others: tuple[LessonFiles, ...]
    asks: str = QUESTION

    @property
    def name(self) -> str:
        """The name that the answers to it are kept under."""
        return f"deck/{self.lesson.number:02}/{self.picture}"

    @cached_property
    def choices(self) -> tuple[LessonFiles, ...]:
        """The lessons to choose from, always in the same order."""
        found = [self.lesson, *self.others]
        return tuple(random.Random(self.name).sample(found, len(found)))

    @property
    def answer(self) -> int:
        """The index of the right one in `choices`."""
        return self.choices.index(self.lesson)


def mistake_of(lesson: LessonFiles) -> str:
    """Return the mistake that a lesson is about, as a sentence."""
    return f"{lesson.cause[:1].upper()}{lesson.cause[1:]}."


def parts() -> tuple[Part, ...]:
    """Return the parts of the course that have cards."""
    return tuple(part for part in PARTS if cards(part))


@cache
def cards(part: Part) -> tuple[Card, ...]:
    """Return the cards of a part: the first one of each lesson in a mixed order, then the second ones, and so on."""
    found = lessons()
    mixed = random.Random(part.letter)
    drawn = [
        (place, mixed.random(), card)
        for lesson in found
        if lesson.number in part.numbers
        for place, card in enumerate(_cards_of(lesson, found))
    ]
    return tuple(card for *_, card in sorted(drawn, key=lambda each: each[:2]))


def _cards_of(lesson: LessonFiles, found: Sequence[LessonFiles]) -> list[Card]:
    try:
        pictures = json.loads((lesson.checks / FILE).read_text(encoding="utf-8"))
        entries = read_words(lesson.checks).deck
    except (OSError, ValueError):
        return []
    return [
        _card(lesson, entry, pictures[entry["picture"]], found)
        for entry in entries
        if entry["picture"] in pictures
    ]


def _card(
    lesson: LessonFiles, entry: Mapping, picture: Mapping[str, str], found: Sequence[LessonFiles]
) -> Card:
    told = {key: entry[key] for key in ("picture", "shows", "why", "asks") if key in entry}
    others = [each for each in found if each.number in entry.get("others", ())]
    near = sorted(found, key=lambda each: abs(each.number - lesson.number))
    others += [each for each in near if each not in (lesson, *others)]
    return Card(
        lesson,
        html=picture.get("html", ""),
        text=picture["text"],
        others=tuple(others[: CHOICES - 1]),
        **told,
    )


def next_card(
    deck: Sequence[Card],
    answered: Mapping[str, bool],
    *,
    recent: Sequence[str] = (),
    done: Collection[str] = (),
    again: bool = False,
) -> Card | None:
    """Choose the card that comes next; None if all were recognised.

    Those that were missed come first, longest ago first; then new ones, first of lessons that were done.

    Args:
        deck: the cards of a part.
        answered: whether the last answer to a card was right, by its name, longest ago first.
        recent: names of the cards answered in this session. A missed one waits until GAP others were shown.
        done: stems of the lessons that this learner has done.
        again: whether cards that were recognised come, too, after all others; longest ago first.
    """
    when = {name: place for place, name in enumerate(answered)}
    missed = sorted((c for c in deck if answered.get(c.name) is False), key=lambda c: when[c.name])
    new = sorted((c for c in deck if c.name not in answered), key=lambda c: c.lesson.stem not in done)
    known = sorted((c for c in deck if answered.get(c.name)), key=lambda c: when[c.name]) if again else []
    waiting = set(recent[-GAP:])
    order = [*missed, *new, *known]
    return next((card for card in order if card.name not in waiting), next(iter(order), None))


def answers(progress: Progress) -> dict[str, bool]:
    """Tell for each card that was answered, longest ago first, whether the last answer was right."""
    kept = last_answers(progress.of(each) for each in progress.notebooks())
    return {name: right for name, right in kept.items() if name.startswith("deck/")}


def lessons_done(progress: Progress) -> frozenset[str]:
    """Return the stems of the lessons that were run or solved, as a lesson or as an exercise."""
    known = (progress.of(each) for each in progress.notebooks())
    return frozenset(each.notebook_id.partition("/")[2] for each in known if each.runs or each.solved)
