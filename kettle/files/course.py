"""The course as files: which lessons exist, the parts they belong to, and the paths through them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from kettle.files.words import read_words

ROOT = Path(__file__).resolve().parents[2]
CORE = 25  # minutes: what the core of a lesson is meant to take
FOLDERS = {"lesson": "notebooks", "exercise": "exercises"}

_STEM = re.compile(r"(?!00|98|99)\d\d_[a-z0-9_]+")  # 00 is the landing page, 98 the decks, 99 the ledger
_STEP = re.compile(r"^\| *(\d+) *\|.*?(?:\((\d+)\))? *\|\s*$", re.MULTILINE)
_HEADING = re.compile(r"^# +(?:\d\d[.:]? +)?(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class LessonFiles:
    """One lesson: three notebooks and a folder of checks of one stem. Only `notebook` is sure to exist."""

    stem: str
    number: int
    title: str
    notebook: Path
    exercise: Path
    solution: Path
    checks: Path
    card: Path

    def path(self, kind: str) -> Path:
        """Return the learner's notebook of a kind, "lesson" or "exercise"."""
        return {"lesson": self.notebook, "exercise": self.exercise}[kind]

    @property
    def cause(self) -> str:
        """What you learn to see: `learn` in the words of the lesson."""
        try:
            return read_words(self.checks).learn
        except (OSError, ValueError):
            return ""

    @property
    def minutes(self) -> int:
        """Minutes that the core takes: where the table of the teacher's card ends."""
        try:
            steps = _STEP.findall(self.card.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return CORE
        return max((int(start) + int(minutes or 0) for start, minutes in steps), default=CORE)

    def notebook_id(self, kind: str) -> str:
        """Return the name that progress is kept under, e.g. "exercises/14_one_await_at_a_time"."""
        return notebook_id(self.stem, kind)


@dataclass(frozen=True)
class Part:
    """One part of the course: its letter, its name, and the numbers of its lessons."""

    letter: str
    name: str
    numbers: range


@dataclass(frozen=True)
class CoursePath:
    """One way through the course.

    Args:
        name: what it is called.
        numbers: of its lessons, in order; those that don't exist yet are left out.
        beside: minutes for welcome, breaks and close; 0 for somebody who works alone.
    """

    name: str
    numbers: tuple[int, ...]
    beside: int = 0


@dataclass(frozen=True)
class Beginning:
    """Where to begin: who you are, which lessons come first, and whose exercise comes after them."""

    who: str
    numbers: tuple[int, ...]
    exercise: int | None = None


PARTS = (
    Part("A", "Look before you touch", range(1, 5)),
    Part("B", "Plain Python", range(5, 11)),
    Part("C", "The event loop", range(11, 19)),
    Part("D", "The database", range(19, 23)),
    Part("E", "Caching shared state", range(23, 25)),
    Part("F", "Serving it", range(25, 28)),
)

_FIRST_DAY = (1, 2, 3, 6, 7, 8, 10, 11, 12, 13)
_SECOND_DAY = (14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 26, 27)

PATHS = (
    CoursePath("Half a day", (1, 11, 14, 17, 19, 27), beside=40),
    CoursePath("One day", (1, 3, 11, 12, 14, 16, 18, 19, 22, 23, 27), beside=90),
    CoursePath("Two days", _FIRST_DAY + _SECOND_DAY, beside=195),
    CoursePath("For Django projects", (1, 7, 19, 20, 21, 22, 23, 24), beside=30),
    CoursePath("For data analysis", (1, 2, 7, 8, 9, 10), beside=30),
    CoursePath("Everything, on your own", tuple(range(1, 28))),
)

BEGINNINGS = (
    Beginning("I write Python and have never profiled it", (1, 2)),
    Beginning("I analyse data with NumPy and pandas", (8, 2)),
    Beginning("I write synchronous back ends, for example with Flask", (6, 7)),
    Beginning("I write asynchronous back ends, for example with FastAPI", (14, 12)),
    Beginning("I write back ends with Django", (19, 21), exercise=22),
    Beginning("I write back ends with SQLAlchemy", (19, 20)),
)


def notebook_id(stem: str, kind: str) -> str:
    """Return the name that progress is kept under: the notebook's path without its suffix."""
    return f"{FOLDERS[kind]}/{stem}"


def lessons(root: Path = ROOT) -> tuple[LessonFiles, ...]:
    """List the lessons that exist, in order, from the file names in notebooks/.

    Copies and backups that a learner makes beside them are not lessons: their names have other shapes.
    """
    stems = sorted(path.stem for path in (root / "notebooks").glob("*.ipynb"))
    return tuple(_files(stem, root) for stem in stems if _STEM.fullmatch(stem))


def lesson(stem: str, root: Path = ROOT) -> LessonFiles:
    """Return the lesson with this stem; LookupError, in a sentence, where there is none."""
    if _STEM.fullmatch(stem) and (root / "notebooks" / f"{stem}.ipynb").is_file():
        return _files(stem, root)
    known = ", ".join(each.stem for each in lessons(root)) or "none"
    raise LookupError(f"There is no lesson called {stem!r}. The lessons that exist: {known}.")


def title_of(notebook: Path) -> str:
    """Return the first `# ` heading of a notebook; words from its file name where that cannot be read."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        prose = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        return next(match[1] for match in map(_HEADING.search, prose) if match)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, StopIteration):
        # A learner's notebook may be damaged, and must not take the map of the course with it.
        return notebook.stem.partition("_")[2].replace("_", " ").capitalize()


def _files(stem: str, root: Path) -> LessonFiles:
    notebook = root / "notebooks" / f"{stem}.ipynb"
    return LessonFiles(
        stem=stem,
        number=int(stem[:2]),
        title=title_of(notebook),
        notebook=notebook,
        exercise=root / "exercises" / f"{stem}.ipynb",
        solution=root / "solutions" / f"{stem}.ipynb",
        checks=root / "checks" / stem,
        card=root / "workshop" / f"{stem}.md",
    )
