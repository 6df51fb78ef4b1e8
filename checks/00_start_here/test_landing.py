"""The landing page shows the map with this learner's progress, and takes progress away and back."""

import asyncio
import base64
import re
from html import escape

import nbformat
import pytest
from nbclient import NotebookClient

from kettle.files.course import PATHS, ROOT, lessons
from kettle.files.progress import Progress
from kettle.lessons import landing, landing_widgets
from kettle.lessons.landing_tables import draw_beginnings, draw_map, draw_paths
from kettle.lessons.observations import Observation
from kettle.lessons.preflight import Preflight

LESSON = lessons()[0]


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path)


def lesson_state(progress):
    row = re.search(
        rf'<tr><th scope="row"><a href="{LESSON.notebook.name}">.*?</tr>', draw_map(progress).html
    )
    assert row
    return re.findall(r"</span>([a-z ]+)</td>", row[0])


def test_the_map_tells_how_far_a_learner_is(progress):
    notebook_id = LESSON.notebook_id("lesson")
    assert lesson_state(progress) == ["not started", "not started"]
    steps: list[tuple[str, dict]] = [
        ("predicted", {"name": "total", "value": 3}),
        ("ran", {"seconds": 3}),
        ("solved", {}),
        ("reset", {}),
    ]
    for (event, details), state in zip(steps, ["predicted", "run", "solved", "solved"], strict=True):
        progress.record(notebook_id, event, **details)
        assert lesson_state(progress) == [state, "not started"]
    progress.record(LESSON.notebook_id("exercise"), "solved")
    assert lesson_state(progress) == ["solved", "solved"]
    assert f"You have solved 2 of {2 * len(lessons())}." in draw_map(progress).text
    assert f"{LESSON.title}: solved; exercise: solved" in draw_map(progress).text


def test_the_map_and_the_paths_link_what_exists_and_nothing_else(progress):
    for drawn in (draw_map(progress), draw_paths(progress)):
        links = re.findall(r'href="([^"]+)"', drawn.html)
        assert [link for link in links if not (ROOT / "notebooks" / link).is_file()] == []
    assert all(f'href="{each.notebook.name}"' in draw_map(progress).html for each in lessons())


def rows(progress):
    """Return for each path its whole, core and other minutes, and the numbers of its lessons."""
    for path, line in zip(PATHS, draw_paths(progress).text.splitlines()[1:], strict=True):
        found = re.fullmatch(
            rf"{path.name}: (?:(\d+) h)? ?(?:(\d+) min)? \((\d+) min for (\d+) lessons, "
            r"(?:(\d+) min for welcome, breaks and close|without breaks)\): (.*)\. 0 of (\d+) solved\.",
            line,
        )
        assert found, line
        hours, minutes, core, count, beside, names, of = found.groups("0")
        numbers = [int(number) for number in re.findall(r"(?:^|, )(\d\d) ", names)]
        assert len(numbers) == int(count) == int(of)
        yield path, 60 * int(hours) + int(minutes), int(core), int(beside), numbers


def test_the_minutes_of_a_path_are_those_of_its_lessons_and_add_up(progress):
    known = {each.number: each for each in lessons()}
    for path, whole, core, beside, numbers in rows(progress):
        assert numbers == [number for number in path.numbers if number in known], path.name
        assert core == sum(known[number].minutes for number in numbers), path.name
        assert (whole, beside) == (core + path.beside, path.beside), path.name


def test_two_paths_that_differ_take_different_times(progress):
    times = {path.name: whole for path, whole, *_ in rows(progress)}
    assert times["Half a day"] < times["One day"] < times["Two days"] != times["Everything, on your own"]


def test_a_path_counts_the_lessons_that_are_missing(progress, monkeypatch):
    monkeypatch.setattr("kettle.lessons.landing_tables.lessons", lambda: lessons()[:1])
    lines = draw_paths(progress).text.splitlines()[1:]
    for path, line in zip(PATHS, lines, strict=True):
        assert f"1 lesson, {path.beside} min" in line or "1 lesson, without breaks" in line
        assert f", {len(path.numbers) - 1} more in preparation. 0 of 1 solved." in line


def test_a_beginning_names_only_lessons_that_exist(monkeypatch):
    drawn = draw_beginnings()
    django = "with Django: 19 N plus one, then 21 Row by row, then the exercise of 22 Connection churn"
    assert django in drawn.text
    links = re.findall(r'href="([^"]+)"', drawn.html)
    assert links
    assert [link for link in links if not (ROOT / "notebooks" / link).is_file()] == []
    only = [each for each in lessons() if each.number in (7, 8)]
    monkeypatch.setattr("kettle.lessons.landing_tables.lessons", lambda: only)
    assert draw_beginnings().text.splitlines()[1:] == [
        "I analyse data with NumPy and pandas: 08 A Python loop over arrays",
        "I write synchronous back ends, for example with Flask: 07 The same answer again",
    ]


def test_what_the_preflight_says_without_widgets_gives_a_result(monkeypatch):
    shown = []
    monkeypatch.setattr(landing, "show", lambda widget, text: shown.append(text))
    monkeypatch.setattr(
        landing, "look", lambda: Preflight((Observation("Clock", "9 ns", "Good.", "ok"),), 0.1)
    )
    monkeypatch.setattr("IPython.display.display", shown.append)
    landing.preflight_panel()
    exec(shown[0].partition("cell: ")[2], {})
    assert "Clock" in repr(shown[1])
    assert "Everything that the course uses is here." in repr(shown[1])


def test_the_map_tells_the_cause_that_each_lesson_teaches_to_see(progress):
    assert all(each.cause for each in lessons())
    assert all(f'<span class="wk-mean">{escape(each.cause)}' in draw_map(progress).html for each in lessons())


def test_the_page_runs_and_draws_without_a_click(tmp_path, monkeypatch, progress):
    progress.record(LESSON.notebook_id("lesson"), "solved")
    monkeypatch.setenv("KETTLE_PROGRESS", str(tmp_path))
    page = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)
    NotebookClient(page, timeout=60, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
    outputs = {cell.id: cell.outputs for cell in page.cells if cell.cell_type == "code"}
    assert f"solved 1 of {2 * len(lessons())}." in outputs["course-map"][0].data["text/plain"]
    assert "wk-paths" in outputs["paths"][0].data["text/html"]
    for name in ("preflight", "take-along"):
        (output,) = outputs[name]
        assert "application/vnd.jupyter.widget-view+json" in output.data
        assert output.data["text/plain"].startswith("Without widgets")
    assert "wk-beginnings" in outputs["where-to-begin"][0].data["text/html"]


def test_the_map_keeps_itself_current(progress, monkeypatch):
    updates = asyncio.Queue()

    class Handle:
        update = updates.put_nowait

    monkeypatch.setattr("IPython.display.display", lambda *_, **__: Handle)
    monkeypatch.setattr(landing_widgets, "REFRESH", 0.02)

    async def visit():
        landing.course_map(progress)
        for kind in ("lesson", "exercise"):
            Progress(progress.folder).record(LESSON.notebook_id(kind), "solved")
            yield (await asyncio.wait_for(updates.get(), 30)).text

    async def visited():
        return [text async for text in visit()]

    for count, text in enumerate(asyncio.run(visited()), start=1):
        assert f"solved {count} of {2 * len(lessons())}." in text


def test_progress_is_taken_away_by_a_link_and_brought_back_by_a_file(progress, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(landing, "show", lambda widget, text: shown.append(widget))
    landing.progress_panel(progress)
    buttons, below = shown[0].children[-2:]
    prepare, upload = buttons.children

    prepare.click()
    assert "no progress to save yet" in below.value
    progress.record("notebooks/14_one_await_at_a_time", "solved")
    prepare.click()
    link = re.search(r'download="(.+?\.json)" href="data:application/json;base64,(.+?)"', below.value)
    assert link
    elsewhere = Progress(tmp_path / "elsewhere")
    elsewhere.bring_back(base64.b64decode(link[2]))
    assert elsewhere.of("notebooks/14_one_await_at_a_time").solved

    elsewhere.record("exercises/14_one_await_at_a_time", "solved")
    for content, told in ((elsewhere.export(), "Added 1 entry"), (b"a poem", "nothing was changed")):
        file = {
            "name": "x.json",
            "type": "",
            "size": 1,
            "content": memoryview(content),
            "last_modified": None,
        }
        landing_change = {"new": (file,)}
        upload.notify_change(
            {"name": "value", "old": (), "owner": upload, "type": "change", **landing_change}
        )
        assert told in below.value
    assert progress.of("exercises/14_one_await_at_a_time").solved


def landing_prose():
    page = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)
    return "\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")


def test_what_every_fix_owes_is_said_in_ninety_words():
    (section,) = re.findall(r"^## What every fix owes.*?(?=^## )", landing_prose(), re.MULTILINE | re.DOTALL)
    assert section.count("\n- **") == 4
    assert len(re.findall(r"[\w']+", section)) <= 90


def test_the_prose_of_the_page_links_only_what_exists():
    links = re.findall(r"\]\(([^)]+)\)", landing_prose())
    assert "../workshop/14_one_await_at_a_time.md" in links
    assert [link for link in links if not (ROOT / "notebooks" / link).is_file()] == []
