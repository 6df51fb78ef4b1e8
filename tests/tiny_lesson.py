"""A lesson of a few cells, with everything that the format has: quick to check, for the browser."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

STEM = "05_tiny"
SLOW = "def total(numbers):\n    return sum(list(numbers))\n\n\ntotal.slow = True"
FIX = "def total(numbers):\n    return sum(numbers)"
WORDS = """
learn = "a list that nobody needs"

[lesson]
mistake = "A list is made"
gone = "The list that nobody needed is gone."
hints = ["Where?", "What?", "With what?", "How?"]

[lesson.checks]
same_total = "The same total"
no_list = "No list is made"

[[claims]]
name = "lists"
said = "A list comprehension is always faster than a loop."
truth = "partly"
why = "It depends on the body."

[[claims]]
name = "sums"
said = "`sum` takes any iterable."
truth = "holds"
why = "It asks for one item after another."
"""
CHECKS = '''"""Tiny: a list that nobody needs."""


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
    checks = folder / "checks" / STEM
    checks.mkdir(parents=True)
    for name in ("lesson.py", "exercise.py"):
        (checks / name).write_text(CHECKS, encoding="utf-8")
    words = (
        f"{WORDS}\n{WORDS[WORDS.index('[lesson]') : WORDS.index('[[claims]]')].replace('lesson', 'exercise')}"
    )
    (checks / "words.toml").write_text(words, encoding="utf-8")
    for place in ("notebooks", "exercises"):
        write(folder / place, starter())
    fixes = [
        new_code_cell(FIX, id=f"{of}-fix", metadata={"tags": ["fix"], "kettle": {"of": of}})
        for of in ("lesson", "exercise")
    ]
    about = {"tags": ["debrief"], "kettle": {"of": "exercise"}}
    debrief = new_markdown_cell(DEBRIEF, id="debrief", metadata=about)
    write(folder / "solutions", [new_markdown_cell("# Tiny", id="title"), *fixes, debrief])


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
