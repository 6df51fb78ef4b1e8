"""Judge a folder of blind answers against the current notebooks, many at once, and count the misjudged.

    python benchmarks/blind.py FOLDER [--at-once 8] [--only TEXT]

A blind answer is written by somebody who has seen the notebook alone. Each is a file that replaces the cell
tagged `fix`. Its path, from FOLDER on, says what it is: the lesson's number (`14`), `lesson` or `exercise`,
`right` or `wrong`; for instance `14/exercise-wrong-my-idea.py` or `14-exercise-wrong-my-idea.py`. In wrong
ones, a first line `# says: piece of the message` asks for that piece. Keep those that were misjudged in
checks/*/answers/.

A right answer is misjudged unless it passes, a wrong one if it passes. Whether the sentence that a wrong
one is told is true, a person has to see: that is what the list is for.
"""

import argparse
import re
import sys
import textwrap
from pathlib import Path

from kettle.files import course

sys.path.insert(0, str(course.ROOT / "tests"))
from contract import SAYS, Answer, judge


def main() -> None:
    """Judge, then print every verdict and the number of those that are misjudged."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at-once", default="8", help="how many are judged at once")
    parser.add_argument("--only", default="", help="a piece of the path of those that are judged")
    options = parser.parse_args()
    paths = [path for path in sorted(options.folder.rglob("*.py")) if options.only in str(path)]
    answers = [answer for answer in (read(path, options.folder) for path in paths) if answer]
    found = judge(answers, "--at-once", options.at_once)
    misjudged = [answer for answer in answers if not report(answer, found[answer])]
    print(f"\n{len(misjudged)} of {len(answers)} misjudged", *map(str, misjudged), sep="\n  ")


def read(path: Path, folder: Path) -> Answer | None:
    """Return the answer that a file holds; None, with a line about it, where its path says too little."""
    places = (path.stem, str(path.parent.relative_to(folder)), folder.resolve().name)
    kind, role = (
        first(rf"(?<![a-z])({words})(?![a-z])", places) for words in ("lesson|exercise", "right|wrong")
    )
    number = first(r"^(\d\d)[-_]", places[:1]) or first(r"(?<!\d)(\d\d)(?!\d)", places[1:])
    stem = next((files.stem for files in course.lessons() if files.stem[:2] == number), None)
    if not (kind and role and stem):
        print(f"What is {path}? Its path has to say the lesson's number, lesson or exercise, right or wrong.")
        return None
    source = path.read_text(encoding="utf-8")
    says = SAYS.match(source)
    return Answer(stem, kind, role, path.stem, source, says[1].strip() if says else "")


def first(pattern: str, places: tuple[str, ...]) -> str | None:
    """Return what a pattern finds in the first place that has it."""
    return next((found[1] for found in (re.search(pattern, place) for place in places) if found), None)


def report(answer: Answer, verdict: object) -> bool:
    """Print what one answer was told; return whether that is what was expected."""
    outcome, message = getattr(verdict, "outcome", "none"), getattr(verdict, "message", verdict)
    right = answer.role == "right"
    good = outcome == "right" if right else outcome != "right" and answer.says in message
    print(f"\n{'     ' if good else 'WRONG'} {answer}: {outcome}")
    if outcome != "right":
        print(textwrap.fill(message, 108, initial_indent="      ", subsequent_indent="      "))
    return good


if __name__ == "__main__":
    main()
