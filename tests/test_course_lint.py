"""The course keeps its own rules: files that belong together, notebooks that are clean, checks that speak."""

import ast
import inspect
import re
from collections import Counter

import pytest
from course_files import LESSONS, NOTEBOOKS, STEMS, read, source, tags

from kettle.checking import checks_of, load_checks, words_of
from kettle.checking.checks import function_of
from kettle.files.course import ROOT

CHECKS = sorted(path for path in (ROOT / "checks").glob("[0-9]*/*.py") if not path.name.startswith("test_"))
LANDING = ROOT / "notebooks" / "00_start_here.ipynb"
PAGES = {LANDING, LANDING.with_name("98_decks.ipynb"), LANDING.with_name("99_ledger.ipynb")}
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LINK = re.compile(r"\]\(([^)#\s]+)")
MARKS = ("TO" + "DO", "FIX" + "ME", "X" + "XX")  # spelled apart, so that this file passes too


def name(path):
    return f"{path.parent.name}/{path.name}"


def stems(folder, suffix):
    return sorted(path.stem for path in (ROOT / folder).glob(f"[0-9]*{suffix}") if path.stem != LANDING.stem)


def tagged(path, tag):
    return [cell for cell in read(path)["cells"] if tag in tags(cell)]


def test_there_are_lessons_and_a_landing_page():
    assert STEMS
    assert LANDING.is_file()


@pytest.mark.parametrize(
    ("folder", "suffix"), [("exercises", ".ipynb"), ("solutions", ".ipynb"), ("checks", "")]
)
def test_a_lesson_is_three_notebooks_and_a_folder_with_the_same_stem(folder, suffix):
    assert stems(folder, suffix) == STEMS


@pytest.mark.parametrize("stem", STEMS)
def test_a_lessons_folder_holds_what_the_design_names(stem):
    held = {path.name for path in (ROOT / "checks" / stem).iterdir() if path.name != "__pycache__"}
    assert {"lesson.py", "exercise.py", "words.toml", "test_take_home.py"} <= held
    strays = {name for name in held - {"words.toml", "answers"} if not name.endswith((".py", ".json"))}
    assert strays == set()


def test_no_two_lessons_share_a_number():
    assert [each for each, count in Counter(each.number for each in LESSONS).items() if count > 1] == []
    assert all(each.number in range(1, 28) for each in LESSONS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_is_committed_clean(path):
    notebook = read(path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)
    assert notebook["metadata"]["language_info"]["name"] == "python"
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], f"{cell['id']} has outputs"
            assert cell["execution_count"] is None, f"{cell['id']} has been run"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_cells_have_readable_ids_of_their_own(path):
    ids = [cell["id"] for cell in read(path)["cells"]]
    assert [each for each, count in Counter(ids).items() if count > 1] == []
    # A random id of nbformat is eight hexadecimal digits: it would change with each rewrite of the file.
    assert [
        each for each in ids if not ID.fullmatch(each) or re.fullmatch(r"(?=.*\d)[0-9a-f]{8}", each)
    ] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_begins_with_its_title(path):
    first = read(path)["cells"][0]
    assert first["cell_type"] == "markdown"
    assert source(first).startswith("# ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_code_cells_are_short(path):
    long = {c["id"]: source(c).count("\n") + 1 for c in read(path)["cells"] if c["cell_type"] == "code"}
    assert {cell: lines for cell, lines in long.items() if lines > 25} == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_prose_comes_before_the_fix(path):
    cells = read(path)["cells"]
    for place, cell in enumerate(cells):
        if "fix" in cell["metadata"].get("tags", ()):
            # One cell of code that prepares the fix may stand between.
            assert "markdown" in [c["cell_type"] for c in cells[max(place - 2, 0) : place]], cell["id"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_tags_are_those_of_the_protocol(path):
    known = {
        "notebooks": {"fix", "demo", "curious", "guard"},
        "exercises": {"fix", "demo"},
        "solutions": {"fix", "demo", "wrong", "alternative", "merged", "debrief"},
    }[path.parent.name]
    used = {tag for cell in read(path)["cells"] for tag in tags(cell)}
    assert used <= known


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_there_is_one_fix_in_a_starter_and_one_for_each_in_a_solution(path):
    fixes = tagged(path, "fix")
    if path.parent.name == "solutions":
        assert sorted(cell["metadata"]["kettle"]["of"] for cell in fixes) == ["exercise", "lesson"]
    else:
        assert len(fixes) == (path not in PAGES)


@pytest.mark.parametrize("stem", STEMS)
def test_wrong_fixes_say_what_they_must_be_told(stem):
    path = ROOT / "solutions" / f"{stem}.ipynb"
    wrongs = tagged(path, "wrong")
    assert {cell["metadata"]["kettle"]["of"] for cell in wrongs} == {"lesson", "exercise"}
    assert all(len(cell["metadata"]["kettle"]["says"]) > 10 for cell in wrongs)
    assert {cell["metadata"]["kettle"]["of"] for cell in tagged(path, "alternative")} <= {
        "lesson",
        "exercise",
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_links_between_files_lead_somewhere(path):
    prose = "\n".join(source(cell) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")
    local = [link for link in LINK.findall(prose) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", CHECKS, ids=name)
def test_every_assertion_has_a_message(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    mute = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert) and node.msg is None]
    assert mute == [], "assertions without a message, by line"


@pytest.mark.parametrize("kind", ["lesson", "exercise"])
@pytest.mark.parametrize("stem", STEMS)
def test_every_check_has_a_title_and_every_title_a_check(stem, kind):
    checks = checks_of(stem, kind)
    assert all(callable(function_of(stem, kind, check)) for check in checks)
    assert all(check.title.strip() and not check.title.endswith(".") for check in checks)
    found = {name for name in vars(load_checks(stem, kind)) if name.startswith(("check_", "interest_"))}
    assert found <= {f"{check.kind}_{check.name}" for check in checks}


@pytest.mark.parametrize("kind", ["lesson", "exercise"])
@pytest.mark.parametrize("stem", STEMS)
def test_what_checks_need_is_said(stem, kind):
    """A kernel starts it ahead, without importing the checks."""
    needs = words_of(stem).of(kind).needs
    taken = [
        inspect.signature(function_of(stem, kind, check)).parameters
        for check in checks_of(stem, kind)
        if check.kind == "check"
    ]
    for thing in ("shop", "database", "redis_server"):
        count = sum(thing in each for each in taken)
        assert thing in needs or not count, f"{thing} is taken, and words.toml does not say so"
        itself = "import Shop\n" in (ROOT / "checks" / stem / f"{kind}.py").read_text(encoding="utf-8")
        assert thing not in needs or count or itself, f"{thing} is started ahead, and no check takes it"
        if thing == "database" and thing in needs:
            assert needs[thing] == count


@pytest.mark.parametrize("stem", STEMS)
def test_there_are_four_hints_and_a_question_for_later(stem):
    words = words_of(stem)
    for hints in (words.lesson.hints, words.exercise.hints):
        assert len(hints) == 4
        assert len(set(hints)) == 4
        assert all(len(hint) > 10 for hint in hints)
    assert words.recall, "later lessons ask about this one"
    for question in words.recall:
        assert len(set(question.choices)) == len(question.choices)
        assert question.why


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_run_that_waits_for_a_prediction_is_no_error(path):
    """`lesson.run` returns None until there is one, which cannot be taken apart."""
    code = [source(cell) for cell in read(path)["cells"] if cell["cell_type"] == "code"]
    assert [each for each in code if re.search(r"^\w+,.*= await lesson\.run\(", each, re.MULTILINE)] == []


def test_nothing_is_left_to_be_done():
    folders = (
        "kettle",
        "kettle_room",
        "notebooks",
        "exercises",
        "solutions",
        "checks",
        "tests",
        "workshop",
        "benchmarks",
    )
    found = []
    for path in (each for folder in folders for each in (ROOT / folder).rglob("*")):
        if (
            path.suffix in {".py", ".ipynb", ".md", ".css", ".toml"}
            and ".ipynb_checkpoints" not in path.parts
        ):
            text = path.read_text(encoding="utf-8")
            found += [
                f"{path.relative_to(ROOT)}: {mark}" for mark in MARKS if re.search(rf"\b{mark}\b", text)
            ]
    assert found == []
