"""Record the picture of a lesson's run, for learners whose machine is busy.

    python benchmarks/record_pictures.py 10 12 13 22

Runs each notebook once, and keeps the first picture of its cell `run-it` in checks/*/recorded.json. Do it
while nothing else runs, on a machine with two cores, and look at it: a lesson shows it beneath its own.
"""

import argparse
import json
import re

import nbformat
from nbclient import NotebookClient

from kettle.files import course
from kettle.panels.recorded import FILE

CELL = "run-it"
LOCKED = "lesson.lock_in(**{each.name: 1 for each in lesson._asked})"
LEFT_OUT = re.compile(r"<style>.*?</style>|<details>.*?</details>", re.DOTALL)  # the data, too


def main() -> None:
    """Record, lesson by lesson."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="+", help="numbers")
    for files in course.lessons():
        if files.stem[:2] in parser.parse_args().lessons:
            kept = picture_of(files)
            text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
            (files.checks / FILE).write_text(text, encoding="utf-8")
            print(f"{files.stem}: {kept['text'].splitlines()[0]}, {len(kept['html']):,} characters")


def picture_of(files: course.LessonFiles) -> dict[str, str]:
    """Run a lesson up to its picture; return that as HTML without its style and data, and as text."""
    book = nbformat.read(files.notebook, as_version=4)
    last = next(n for n, cell in enumerate(book.cells) if cell.id == CELL)
    lock = nbformat.v4.new_code_cell(LOCKED)
    book.cells = [*book.cells[:last], lock, book.cells[last]]
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(files.notebook.parent)}}).execute()
    shown = [each.data for each in book.cells[-1].outputs if "text/html" in each.get("data", {})]
    picture = next(each for each in shown if "kettle-picture" in each["text/html"])
    return {"text": picture["text/plain"], "html": LEFT_OUT.sub("", picture["text/html"])}


if __name__ == "__main__":
    main()
