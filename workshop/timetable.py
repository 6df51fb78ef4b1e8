"""A day of teaching by the clock: what the cards say, slot after slot."""

import re
from dataclasses import dataclass

from kettle.files.course import LessonFiles, lessons

BREAK = ("break", "lunch")

_STEP = re.compile(r"^\| *\d+ *\| *(.*?) *\((\d+)\) *\| *$", re.MULTILINE)
_ITEM = re.compile(r"^\d\. (.*)$", re.MULTILINE)
_NAMED = re.compile(r"(.+) (\d+)")


class BadPlan(Exception):
    """The data of a plan cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Slot:
    """A stretch of a day.

    Args:
        start: minutes after midnight.
        minutes: how long it takes.
        name: what happens.
        lesson: the lesson that is taught; None for a break, a welcome or a close.
        is_exercise: whether it is the lesson's exercise.
    """

    start: int
    minutes: int
    name: str
    lesson: LessonFiles | None = None
    is_exercise: bool = False

    @property
    def is_break(self) -> bool:
        """Whether nobody works in it."""
        return self.lesson is None and self.name.lower().startswith(BREAK)


def section(card: str, heading: str) -> str:
    """Return the text below a heading of a card; "" if there is none."""
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", card, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def steps(lesson: LessonFiles) -> list[tuple[str, int]]:
    """Return the steps of a lesson's card, each with its minutes."""
    table = section(lesson.card.read_text(encoding="utf-8"), "Minutes")
    return [(words, int(minutes)) for words, minutes in _STEP.findall(table)]


def exercise_minutes(lesson: LessonFiles) -> str:
    """Return the minutes of the exercise, "15" or "50 to 65"; BadPlan where the card gives none."""
    text = section(lesson.card.read_text(encoding="utf-8"), "The exercise")
    told = re.match(r"(?:[^.\d]*: )?(\d+(?: to \d+)?) minutes", text)
    if not told:
        raise BadPlan(f"The card of lesson {lesson.number} does not begin its exercise with its minutes.")
    return told[1]


def drops(lesson: LessonFiles) -> list[str]:
    """Return what the card would leave out first."""
    return _ITEM.findall(section(lesson.card.read_text(encoding="utf-8"), "Drop first"))


def days_of(plan: dict) -> list[list[Slot]]:
    """Return the days of a plan, each as its slots."""
    return [slots(plan, day) for day in plan["days"]]


def slots(plan: dict, day: list) -> list[Slot]:
    """Return the slots of one day of a plan, by the clock."""
    known = {each.number: each for each in lessons()}
    hours, _, minutes = plan["start"].partition(":")
    clock, found = 60 * int(hours) + int(minutes), []
    for entry in day:
        found.append(slot(entry, clock, known))
        clock += found[-1].minutes
    return found


def slot(entry: int | str, start: int, known: dict[int, LessonFiles]) -> Slot:
    """Return what an entry of a day means; BadPlan where it means nothing."""
    named = None if isinstance(entry, int) else _NAMED.fullmatch(str(entry))
    if isinstance(entry, int) and entry in known:
        lesson = known[entry]
        return Slot(start, lesson.minutes, f"{entry:02} {lesson.title}", lesson)
    if named and named[1] == "exercise" and int(named[2]) in known:
        lesson = known[int(named[2])]
        name = f"The exercise of {lesson.number:02} {lesson.title}"
        minutes = int(exercise_minutes(lesson).split()[-1])  # the most, where it says from and to
        return Slot(start, minutes, name, lesson, is_exercise=True)
    if named and named[1] != "exercise":
        return Slot(start, int(named[2]), named[1].capitalize())
    raise BadPlan(
        f"{entry!r} is neither a lesson that exists, nor its exercise, nor a name with its minutes."
    )


def clock(minutes: int) -> str:
    """Write minutes after midnight as people read them."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
