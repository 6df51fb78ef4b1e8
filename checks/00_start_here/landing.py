"""What the landing page shows and offers to click: map, paths, preflight, progress as a file."""

import asyncio
import contextlib
from datetime import UTC, datetime

from kettle.files import pristine
from kettle.files.progress import Progress
from kettle.lessons.landing_tables import draw_beginnings, draw_map, draw_paths, draw_preflight
from kettle.lessons.landing_widgets import button, offer, on_click, panel, row, say, show_current
from kettle.lessons.preflight import look
from kettle.panels.style import show


def course_map(progress: Progress | None = None) -> None:
    """Show the map of the course with this learner's progress, and keep it current while the kernel runs."""
    with contextlib.suppress(OSError):  # a folder that cannot be written has no edits to lose
        pristine.keep()
    show_current(draw_map, progress)


def where_to_begin() -> None:
    """Show which lesson to begin with, by what somebody works on."""
    from IPython.display import display

    display(draw_beginnings())


def paths(progress: Progress | None = None) -> None:
    """Show the ways through the course, with the time that each takes."""
    show_current(draw_paths, progress)


def preflight() -> None:
    """Look at this machine and show what is found, without a click and without widgets."""
    from IPython.display import display

    display(draw_preflight(look()))


def preflight_panel() -> None:
    """Show a button that looks at this machine, and what it finds."""
    import ipywidgets

    check = button("Check this machine", "Takes about two seconds, at most five")
    below = ipywidgets.HTML()

    async def clicked() -> None:
        check.disabled = True
        below.value = '<p role="status">Checking this machine: at most five seconds …</p>'
        try:
            # In a thread, so that the kernel's loop is not held while servers start.
            found = await asyncio.to_thread(look)
            below.value = draw_preflight(found).html
        finally:
            check.disabled, check.description = False, "Check again"

    on_click(check, clicked)
    text = "Without widgets, run in a cell: from kettle.lessons.landing import preflight; preflight()"
    show(panel("wk-preflight", row(check), below), text)


def progress_panel(progress: Progress | None = None) -> None:
    """Show the buttons that save this learner's progress as a file and load such a file."""
    import ipywidgets

    below = ipywidgets.HTML()
    progress = progress or Progress(tell=lambda sentence: say(below, sentence, "wk-bad"))
    save = button("Save my progress", "Makes a link to a file with your progress")
    upload = ipywidgets.FileUpload(
        accept=".json", description="Load a file", tooltip="Adds to your progress and deletes nothing"
    ).add_class("wk-upload")

    def prepare(_: object = None) -> None:
        if not progress.notebooks():
            say(below, "There is no progress to save yet. Predict, run or solve something first.")
            return
        name = f"watched-kettle-progress-{datetime.now(UTC):%Y-%m-%d-%H%M}.json"
        offer(below, name, "application/json", progress.export())

    def bring_back(change: dict) -> None:
        for file in change["new"]:
            say(below, *_brought_back(progress, bytes(file["content"])))

    save.on_click(prepare)
    upload.observe(bring_back, "value")
    text = "Without widgets: kettle.files.progress.Progress() has .export() and .bring_back(data)"
    show(panel("wk-progress", row(save, upload), below), text)


def _brought_back(progress: Progress, data: bytes) -> tuple[str, str]:
    try:
        return f"{progress.bring_back(data)!r}", "wk-good"
    except ValueError as error:
        return str(error), "wk-bad"
