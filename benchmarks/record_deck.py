"""Record the pictures of the decks: which mistake is this?

    python benchmarks/record_deck.py 14          every card of lesson 14
    python benchmarks/record_deck.py 14 --new    only those that have no picture yet

The cards of a lesson are the `[[deck]]` entries of its words.toml. An entry names the cell that shows its
picture:

    [[deck]]
    picture = "lesson/run-it"    notebook and id of the cell; "/fixed": with the solution's fix;
                                 "/2": the second picture of the cell; "/printed": what it printed;
                                 "recorded": the picture of recorded.json
    shows = "One page …"         the caption, which does not name the mistake
    why = "Each bar begins …"    which feature of the picture tells the mistake
    others = [15, 16, 18]        lessons whose mistakes it could be taken for; others are the nearest ones
    guess = {total = 4}          what a learner has predicted, where the picture shows it
    lines = [1, 20]              first and last line of what was printed
    asks = "…"                   the question, where it is another one

Each notebook runs for real, up to the last of these cells. Kept in checks/*/deck.json are the pictures,
without their title, point and data, and a text of each. Do it while nothing else runs, and look at them
afterwards in notebooks/98_decks.ipynb.
"""

import argparse
import html
import json
import math
import os
import re
import tempfile
import textwrap
from collections.abc import Iterator, Mapping

import nbformat
from nbclient import NotebookClient

from kettle.files import course
from kettle.files.words import read_words
from kettle.lessons.deck import FILE
from kettle.panels import recorded
from kettle.pictures.tables import text_table

OPENED = re.compile(r"^(\w+) = Lesson\(", re.MULTILINE)
QUICK = """
async def _quick(*_, **__): ...
{0}.compare = {0}.guard = _quick
{0}.panel = {0}.warm_up = {0}.claims = lambda *_, **__: None
"""
RUN = re.compile(r"await (\w+)\.run\(")
LEFT_OUT = re.compile(
    r'<style>.*?</style>|<details>.*?</details>|<p class="kp-point">.*?</p>'
    r'|<title id="[^"]*">.*?</title>|<desc id="[^"]*">.*?</desc>',
    re.DOTALL,
)
CAPTION = re.compile(r'<figcaption id="([^"]*)">(.*?)</figcaption>', re.DOTALL)
TOLD = re.compile(r'<(?:span class="kp-(?:title|says)"|p class="kp-point")>(.*?)</(?:span|p)>', re.DOTALL)
CELL_FILE = re.compile(
    r"(?:[\w/.~-]*/)?\b\d{6,}\.py|<ipython-input[^>]*>"
)  # a cell's file has a name of its process
ROW, CELL = re.compile(r"<tr>(.*?)</tr>", re.DOTALL), re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
WIDEST = 70  # characters of a cell of the table that stands for a picture
TOOLTIP = re.compile(r"<title>.*?</title>", re.DOTALL)
MOST_ROWS = 25  # of the table that stands for a picture
MOST = 60_000  # characters of one picture; above that, it loses its tooltips


def main() -> None:
    """Record, lesson by lesson."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="+", help="numbers")
    parser.add_argument("--new", action="store_true", help="leave those alone that have a picture")
    options = parser.parse_args()
    for files in course.lessons():
        if files.stem[:2] in options.lessons:
            path = files.checks / FILE
            before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            kept = record(files, before if options.new else {})
            path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def record(files: course.LessonFiles, before: Mapping[str, dict]) -> dict[str, dict[str, str]]:
    """Return the pictures of a lesson's cards by their names; those that are there already are kept."""
    entries = {each["picture"]: each for each in read_words(files.checks).deck}
    found = {name: before[name] for name in entries if name in before}
    if "recorded" in entries:
        found["recorded"] = of_record(files)
    missing = [name for name in entries if name not in found]
    groups: dict[tuple[str, bool, str], list[str]] = {}
    for name in missing:
        kind, _, *marks = name.split("/")
        guess = json.dumps(entries[name].get("guess", {}))
        groups.setdefault((kind, "fixed" in marks, guess), []).append(name)
    for (kind, fixed, guess), names in groups.items():
        book = run(files, kind, [name.split("/")[1] for name in names], json.loads(guess), fixed=fixed)
        for name in names:
            found[name] = kept(book, name, entries[name])
            size = sum(map(len, found[name].values()))
            assert size < MOST, f"{name} has {size:,} characters"
            print(f"{files.stem} {name}: {size:,} characters")
    return {name: found[name] for name in entries}


def run(
    files: course.LessonFiles, kind: str, wanted: list[str], guess: dict, *, fixed: bool
) -> nbformat.NotebookNode:
    """Run a notebook up to the last cell that is wanted, with the solution's fix or as it was merged."""
    book = nbformat.read(files.path(kind), as_version=4)
    last = max(place for place, cell in enumerate(book.cells) if cell.id in wanted)
    curious = any("curious" in tags(cell) for cell in book.cells if cell.id in wanted)
    book.cells = [*prepared(files, kind, book.cells[: last + 1], guess, fixed=fixed, curious=curious)]
    with tempfile.TemporaryDirectory() as progress:  # nothing is predicted yet, and nothing is kept
        environment = {**os.environ, "KETTLE_PROGRESS": progress}
        where = {"metadata": {"path": str(files.path(kind).parent)}}
        NotebookClient(book, timeout=120, resources=where).execute(env=environment)
    return book


def prepared(
    files: course.LessonFiles, kind: str, cells: list, guess: dict, *, fixed: bool, curious: bool
) -> Iterator[nbformat.NotebookNode]:
    """Yield the cells to run: predictions are locked in, and panels and comparisons do nothing."""
    for cell in cells:
        if cell.cell_type != "code" or ("curious" in tags(cell) and not curious):
            continue
        if fixed and "fix" in tags(cell):
            cell.source = fix_of(files, kind)
        if found := RUN.search(cell.source):
            guessed = f"{{**{{each.name: 1 for each in {found[1]}._asked}}, **{guess!r}}}"
            yield nbformat.v4.new_code_cell(f"{found[1]}.lock_in(**{guessed})")
        yield cell
        if found := OPENED.search(cell.source):
            yield nbformat.v4.new_code_cell(QUICK.format(found[1]))


def fix_of(files: course.LessonFiles, kind: str) -> str:
    """Return the solution's fix of a notebook."""
    cells = nbformat.read(files.solution, as_version=4).cells
    return next(c.source for c in cells if "fix" in tags(c) and c.metadata["kettle"]["of"] == kind)


def tags(cell: nbformat.NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def kept(book: nbformat.NotebookNode, name: str, entry: Mapping) -> dict[str, str]:
    """Return what is kept of a card's cell: its picture and the text of it, or what it printed."""
    _, cell_id, *marks = name.split("/")
    outputs = next(cell for cell in book.cells if cell.get("id") == cell_id).outputs
    drawn = [each.data for each in outputs if "kettle-picture" in each.get("data", {}).get("text/html", "")]
    if "printed" in marks or not drawn:
        told = "".join(each.text for each in outputs if each.output_type == "stream")
        told = told or "\n".join(each.data["text/plain"] for each in outputs if "data" in each)
        first, last = entry.get("lines", (1, None))
        return {"text": neutral("\n".join(told.rstrip().splitlines()[first - 1 : last]).strip("\n"))}
    place = next((int(each) for each in marks if each.isdigit()), 1)
    return picture(drawn[place - 1])


def picture(shown: Mapping[str, str]) -> dict[str, str]:
    """Return a picture without what names its mistake, and its data as text."""
    whole = re.sub("<style>.*?</style>", "", shown["text/html"], flags=re.DOTALL)
    text = in_words(whole, shown["text/plain"])
    caption = CAPTION.search(whole)[1]
    bare = CAPTION.sub(r'<figcaption id="\1"></figcaption>', LEFT_OUT.sub("", whole))
    bare = re.sub(r'aria-labelledby="\w+-title \w+-desc"', f'aria-labelledby="{caption}"', bare)
    bare = TOOLTIP.sub("", bare) if len(bare) > MOST - len(text) else bare
    return {"html": neutral(bare), "text": neutral(text)}


def in_words(whole: str, plain: str) -> str:
    """Return what stands for a picture: its data as a table or, where it has none, its text."""
    rows = [[short(cell) for cell in CELL.findall(row)] for row in ROW.findall(whole)]
    says = html.unescape("".join(re.findall(r'kp-says">(.*?)</span>', whole)))
    if "<details>" not in whole or not rows:
        told = {html.unescape(each) for each in TOLD.findall(whole)}
        return "\n".join(line for line in plain.splitlines() if line not in told) or says
    heads, *rows = rows
    if heads[0] == "Curve":  # each point of it would be too much to read, and to hear
        step = math.ceil(len(rows) / MOST_ROWS)
        return f"{says}\n\n{text_table(heads, rows[::step])}"
    more = f"\n… and {len(rows) - MOST_ROWS} more rows" if len(rows) > MOST_ROWS else ""
    return text_table(heads, rows[:MOST_ROWS]) + more


def short(cell: str) -> str:
    """Return a cell of HTML as text of one line, shortened."""
    return textwrap.shorten(html.unescape(re.sub("<[^>]+>", "", cell)), WIDEST, placeholder="…")


def of_record(files: course.LessonFiles) -> dict[str, str]:
    """Return the picture that benchmarks/record_pictures.py has recorded for the lesson."""
    shown = json.loads((files.checks / recorded.FILE).read_text(encoding="utf-8"))
    return picture({"text/html": shown["html"], "text/plain": shown["text"]})


def neutral(text: str) -> str:
    """Return text without what belongs to the machine that it was recorded on."""
    return CELL_FILE.sub("cell.py", ANSI.sub("", text)).replace(str(course.ROOT), "course")


if __name__ == "__main__":
    main()
