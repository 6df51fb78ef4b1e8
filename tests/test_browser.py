"""The course in a real browser, from the landing page to a certified fix and back."""

import os
import subprocess
from pathlib import Path

import nbformat
import pytest
import tiny_lesson
from browser import QUIET, Learner, copy_course, find_chromium, jupyterlab
from served_room import NOTEBOOK, ServedRoom
from tiny_lesson import write_tiny_lesson
from turned import SLIDERS, turn_each

from kettle_room.syllabus import FIX

LESSON = "14_one_await_at_a_time"
pytestmark = pytest.mark.every


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if find_chromium() is None and os.environ.get("CI") and hasattr(os, "geteuid") and os.geteuid() == 0:
        subprocess.run("apt-get update -qq && apt-get install -y -qq chromium", shell=True, check=False)
    if find_chromium() is None:
        pytest.skip("No Chromium is installed: on Debian and Ubuntu, `sudo apt install chromium`.")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    with sync_api.sync_playwright() as playwright:
        # A folder of its own lets it keep JupyterLab's scripts compiled from one page to the next.
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"), executable_path=find_chromium(), args=QUIET
        )
        yield context
        context.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = copy_course(tmp_path_factory.mktemp("course"), write_tiny_lesson)
    with jupyterlab(folder) as address:
        yield folder, address


@pytest.fixture
def learner(chromium, lab):
    page = chromium.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    yield Learner(page, lab[1])
    page.close()


def fix_of(folder, kind="lesson"):
    """Return the fix that solutions/ gives."""
    cells = nbformat.read(folder / "solutions" / f"{LESSON}.ipynb", as_version=4).cells
    return next(
        c.source for c in cells if "fix" in c.metadata.get("tags", ()) and c.metadata.kettle["of"] == kind
    )


def test_from_the_landing_page_to_a_certified_fix(learner, lab):
    folder, address = lab
    page = learner.page

    page.goto(f"{address}/")  # the course's own setting opens the landing page
    learner.wait_ready("00_start_here.ipynb")
    for cell in learner.code_cells():
        learner.run(cell)
    learner.shot("landing")

    learner.open(f"notebooks/{LESSON}.ipynb")
    learner.run_until("predict-panel")
    learner.run("run-it")
    assert "Lock in your prediction first" in learner.cell("run-it").inner_text()

    panel = learner.run("predict-panel")
    for box, value in zip(panel.locator("input").all(), ("2.5", "4"), strict=True):
        box.fill(value)
        box.press("Tab")
    panel.locator("button.wk-lock-in").click()
    panel.get_by_text("Locked in").first.wait_for()
    learner.shot("predicted")

    ran = learner.run("run-it")
    ran.locator("svg[role=img]").first.wait_for()
    assert ran.locator("figcaption").count() >= 1
    learner.shot("ran")

    said = learner.check()
    assert "Not yet" in said
    assert "each await waits for the one before it" in said
    learner.shot("not-yet")

    panel = learner.cell("check-panel")
    panel.locator("button.wk-hint").click()
    panel.get_by_text("Hint 1 of 4").wait_for()
    for told in ("Hint 2 of 4", "Hint 3 of 4", "Hint 4 of 4", "No more hints"):
        panel.locator("button.wk-hint").click()
        panel.get_by_text(told).wait_for()

    learner.restart_kernel()
    learner.wait_ready(f"{LESSON}.ipynb")
    learner.run_until("fix")
    assert "Locked in" in learner.cell("predict-panel").inner_text()

    learner.type_into("fix", fix_of(folder).replace("return", "raise KeyError('tea')\n    return"))
    learner.check()
    raised = learner.cell("check-panel").locator(".wk-verdict .wk-raised").inner_text()
    assert raised.splitlines()[0] == "KeyError: 'tea'"
    assert "in account_page(), line 8 of the cell: raise KeyError('tea')" in raised

    learner.type_into("fix", fix_of(folder))
    learner.run("fix")
    compared = learner.run("compare-run")
    compared.locator("svg[role=img]").first.wait_for()
    learner.shot("compared")
    said = learner.check()
    assert "Right" in said, said
    assert "3 calls were in flight together" in said
    learner.shot("right")

    learner.open("notebooks/00_start_here.ipynb")
    for cell in learner.code_cells():
        learner.run(cell)
    page.get_by_text("solved", exact=False).first.wait_for()
    learner.shot("landing-solved")

    away = [
        url for url in learner.requests if "127.0.0.1" not in url and not url.startswith(("data:", "blob:"))
    ]
    assert not away, f"requests left the machine: {away}"
    assert not learner.errors, learner.errors


WIDE = """() => [...document.querySelectorAll('.jp-OutputArea-output')]
    .filter(e => e.scrollWidth > e.clientWidth + 2).map(e => e.innerText.slice(0, 60))"""
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_readable_in_a_narrow_window(learner, lab, theme):
    page = learner.page
    page.set_viewport_size({"width": 700, "height": 900})
    learner.open(f"exercises/{LESSON}.ipynb")
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    for cell in learner.code_cells():
        learner.run(cell)
    panel = learner.cell("predict-panel")
    if panel.locator("input").first.is_enabled():  # what is locked in stays, in whatever theme
        for box in panel.locator("input").all():
            box.fill("3")
        panel.locator("button.wk-lock-in").focus()
        page.keyboard.press("Enter")  # by keyboard alone
        panel.get_by_text("Locked in").first.wait_for()
    learner.run("run-it").locator("svg[role=img]").first.wait_for()
    assert "Not yet" in learner.check()
    learner.cell("check-panel").locator("button.wk-hint").click()
    learner.cell("check-panel").locator("button.wk-solution").click()
    learner.cell("check-panel").locator("button.wk-yes").click()
    learner.cell("check-panel").locator(".wk-solution-code").first.wait_for()
    learner.shot(f"narrow-{theme.split()[1].lower()}-check")
    shown, poor = page.evaluate(CONTRAST)
    assert shown >= 3
    assert not poor, poor
    for name in ("predict-panel", "run-it"):
        learner.cell(name)
        learner.shot(f"narrow-{theme.split()[1].lower()}-{name}")
        shown, poor = page.evaluate(CONTRAST)
        assert not poor, poor
    wide = page.evaluate(WIDE)
    assert not wide, f"wider than the window: {wide}"


def test_a_check_that_does_not_end_can_be_stopped(learner):
    learner.open(f"exercises/{LESSON}.ipynb")
    learner.run_until("predict-panel")
    learner.type_into("fix", "while True:\n    pass")
    panel = learner.run("check-panel")
    panel.locator("button.wk-check").click()
    panel.get_by_text("Cell").first.wait_for(timeout=60_000)  # what is being looked at
    panel.locator("button.wk-stop").click()
    verdict = panel.locator(".wk-verdict")
    verdict.wait_for(timeout=60_000)
    assert "Stopped" in verdict.inner_text()


def test_check_as_code_and_back_to_the_starter(learner, lab):
    folder, _ = lab
    path = folder / "exercises" / f"{LESSON}.ipynb"
    learner.open(f"exercises/{LESSON}.ipynb")
    learner.run_until("predict-panel")
    learner.type_into("fix", fix_of(folder, "exercise"))
    learner.type_into("check-panel", "lesson.check()")
    said = learner.run("check-panel", limit=120).inner_text()
    assert "Right" in said, said
    learner.type_into("check-panel", "lesson.reset()")
    learner.start("check-panel")  # what it prints goes with the reload, the message beside it stays
    learner.shows_instead("asyncio.gather", "kept in the same folder")
    learner.shot("reset")
    copies = list(path.parent.glob(f"{LESSON} *.ipynb"))
    assert any("asyncio.gather" in copy.read_text(encoding="utf-8") for copy in copies)
    assert "asyncio.gather" not in path.read_text(encoding="utf-8")

    learner.type_into("fix", "# nothing yet")
    panel = learner.run("check-panel")
    panel.locator("button.wk-reset").click()
    panel.locator("button.wk-yes").click()
    learner.shows_instead("# nothing yet", "kept in the same folder")
    assert "# nothing yet" not in path.read_text(encoding="utf-8")


def test_catching_up_with_the_class(learner, lab, tmp_path):
    folder, _ = lab
    room = ServedRoom(tmp_path)
    try:
        learner.open(f"notebooks/{LESSON}.ipynb")
        learner.run_until("predict-panel")
        learner.type_into("fix", "# behind")
        learner.type_into("check-panel", f"lesson.join({room.address!r}, {room.code!r}, 'Ada')")
        assert "Ada" in learner.run("check-panel").inner_text()
        room.as_teacher("POST", "/api/reach", {"notebook": NOTEBOOK, "step": FIX})
        learner.type_into("check-panel", "lesson.catch_up()")
        learner.start("check-panel")
        learner.shows_instead("# behind", "The fix is in its cell")
        learner.shot("caught-up")
        assert fix_of(folder) in learner.sources()
        learner.type_into("check-panel", "lesson.leave()")
        learner.run("check-panel")
    finally:
        room.end()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_vote_a_debrief_and_a_verdict_on_another_code(learner, lab, theme):
    page, tone = learner.page, theme.split()[1].lower()
    learner.open(f"exercises/{tiny_lesson.STEM}.ipynb")
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    learner.run("open-lesson")

    claims = learner.run("claims")
    assert "It holds partly" not in claims.inner_text()
    claims.get_by_role("button", name="Does not hold").first.click()
    claims.get_by_text("You voted: does not hold.").wait_for()
    claims.get_by_text("Measured here: 1.3 times as fast").wait_for()
    claims.get_by_role("button", name="Holds", exact=True).last.click()
    claims.get_by_text("Your vote was right.").wait_for()
    learner.shot(f"votes-{tone}")
    assert not page.evaluate(CONTRAST)[1]

    learner.type_into("fix", tiny_lesson.FIX)
    learner.run("fix")
    said = learner.check()
    assert "The list that nobody needed is gone." in said
    assert "save" not in said
    learner.cell("check-panel").get_by_text("thrown away").wait_for()
    learner.shot(f"debrief-{tone}")

    learner.type_into("open-lesson", "lesson._actions.saver.ask = lambda *_, **__: False")
    learner.run("open-lesson")
    learner.type_into("fix", tiny_lesson.SLOW)
    learner.run("fix")
    said = learner.check()
    assert said.index("differs from the cell that you ran") < said.index("Right")
    learner.shot(f"unsaved-{tone}")
    assert not page.evaluate(CONTRAST)[1]

    learner.run("see").get_by_role("link", name="Lesson 07").click()
    page.wait_for_function(
        "path => window.jupyterapp.shell.currentWidget?.context?.path === path",
        arg="notebooks/07_same_answer_again.ipynb",
    )


def test_the_knee_is_turned_by_keys(learner):
    pressed = turn_each(learner, 2)
    assert {slider: len(times) for slider, times in pressed.items()} == dict.fromkeys(SLIDERS, 2)
    learner.shot("knee")
