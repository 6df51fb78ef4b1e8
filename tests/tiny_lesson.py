"""A lesson of a few cells, with everything that the format has: quick to check, for the browser."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

STEM = "05_tiny"
SLOW = "def total(numbers):\n    return sum(list(numbers))\n\n\ntotal.slow = True"
FIX = "def total(numbers):\n    return sum(numbers)"
CHECKS = '''"""Tiny: a list that nobody needs."""

from kettle.checking import HOLDS, PARTLY, Claim

HINTS = EXERCISE_HINTS = ("Where?", "What?", "With what?", "How?")
RECALL = ()
MISTAKE = EXERCISE_MISTAKE = "A list is made"
GONE = EXERCISE_GONE = "The list that nobody needed is gone."
CLAIMS = (
    Claim("lists", "A list comprehension is always faster than a loop.", PARTLY, "It depends on the body."),
    Claim("sums", "`sum` takes any iterable.", HOLDS, "It asks for one item after another."),
)


def check_same_total(total):
    """The same total."""
    assert total([1, 2]) == 3, "The total of 1 and 2 is 3."
    return "1 and 2 make 3."


def check_no_list(total):
    """No list is made."""
    assert total(iter([1, 2])) == 3 and not hasattr(total, "slow"), "A list is made."
    return "No list."

'''
DEBRIEF = (
    "**What happened.** The list was made and thrown away.\n\n- Memory: one list.\n- Elsewhere: `max([…])`."
)
CLAIMS = (
    "import asyncio\n\n\nasync def measure_lists() -> str:\n    await asyncio.sleep(0.2)\n"
    '    return "1.3 times as fast for ten thousand items."\n\n\nlesson.claims(lists=measure_lists)'
)


def write_tiny_lesson(folder):
    """Write its four files into a copy of the course."""
    (folder / "checks" / f"{STEM}.py").write_text(exercise_too(CHECKS), encoding="utf-8")
    for place in ("notebooks", "exercises"):
        write(folder / place, starter())
    fixes = [
        new_code_cell(FIX, id=f"{of}-fix", metadata={"tags": ["fix"], "kettle": {"of": of}})
        for of in ("lesson", "exercise")
    ]
    about = {"tags": ["debrief"], "kettle": {"of": "exercise"}}
    debrief = new_markdown_cell(DEBRIEF, id="debrief", metadata=about)
    write(folder / "solutions", [new_markdown_cell("# Tiny", id="title"), *fixes, debrief])


def exercise_too(checks):
    """Give the exercise the checks of the lesson; a function of a check file is found by its definition."""
    functions = checks[checks.index("def check_") :]
    return f"{checks}\n\n{functions.replace('def check_', 'def check_exercise_')}"


def starter():
    """Return the cells of the lesson, and of its exercise."""
    demo = {"tags": ["demo"]}
    return [
        new_markdown_cell("# Tiny", id="title"),
        new_code_cell(
            f'from kettle import Lesson\n\nlesson = Lesson("{STEM}")', id="open-lesson", metadata=demo
        ),
        new_code_cell(SLOW, id="fix", metadata={"tags": ["fix"]}),
        new_code_cell("lesson.panel()", id="check-panel", metadata=demo),
        new_code_cell(CLAIMS, id="claims", metadata=demo),
        new_code_cell('lesson.see("07_same_answer_again", "more")', id="see", metadata=demo),
    ]


def write(folder, cells):
    """Write a notebook."""
    notebook = new_notebook(cells=cells)
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, folder / f"{STEM}.ipynb")
