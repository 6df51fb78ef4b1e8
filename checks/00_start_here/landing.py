"""What the landing page shows and offers to click: map, paths, preflight, progress as a file."""

import asyncio
import base64
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from kettle.files import pristine
from kettle.files.progress import Progress
from kettle.lessons.landing_tables import CSS, draw_beginnings, draw_map, draw_paths, draw_preflight
from kettle.lessons.preflight import look
from kettle.panels.style import Said, inline, sheet, show

REFRESH = (
    2.0  # seconds between two looks at the progress files, so that the map is right when a learner returns
)


def course_map(progress: Progress | None = None) -> None:
    """Show the map of the course with this learner's progress, and keep it current while the kernel runs."""
    with contextlib.suppress(OSError):  # a folder that cannot be written has no edits to lose
        pristine.keep()
    _show_current(draw_map, progress)


def where_to_begin() -> None:
    """Show which lesson to begin with, by what somebody works on."""
    from IPython.display import display

    display(draw_beginnings())


def paths(progress: Progress | None = None) -> None:
    """Show the ways through the course, with the time that each takes."""
    _show_current(draw_paths, progress)


def preflight() -> None:
    """Look at this machine and show what is found, without a click and without widgets."""
    from IPython.display import display

    display(draw_preflight(look()))


def preflight_panel() -> None:
    """Show a button that looks at this machine, and what it finds."""
    import ipywidgets

    button = _button("Check this machine", "Takes about two seconds, at most five")
    below = ipywidgets.HTML()

    async def clicked() -> None:
        button.disabled = True
        below.value = '<p role="status">Checking this machine: at most five seconds …</p>'
        try:
            # In a thread, so that the kernel's loop is not held while servers start.
            found = await asyncio.to_thread(look)
            below.value = draw_preflight(found).html
        finally:
            button.disabled, button.description = False, "Check again"

    _on_click(button, clicked)
    text = "Without widgets, run in a cell: from kettle.lessons.landing import preflight; preflight()"
    show(_panel("wk-preflight", _row(button), below), text)


def progress_panel(progress: Progress | None = None) -> None:
    """Show the buttons that save this learner's progress as a file and load such a file."""
    import ipywidgets

    below = ipywidgets.HTML()
    progress = progress or Progress(tell=lambda sentence: _say(below, sentence, "wk-bad"))
    button = _button("Save my progress", "Makes a link to a file with your progress")
    upload = ipywidgets.FileUpload(
        accept=".json", description="Load a file", tooltip="Adds to your progress and deletes nothing"
    ).add_class("wk-upload")

    def prepare(_: object = None) -> None:
        if not progress.notebooks():
            _say(below, "There is no progress to save yet. Predict, run or solve something first.")
            return
        name = f"watched-kettle-progress-{datetime.now(UTC):%Y-%m-%d-%H%M}.json"
        data = base64.b64encode(progress.export()).decode()
        href = f"data:application/json;base64,{data}"
        link = f'<a class="wk-download" download="{name}" href="{href}">{name}</a>'
        below.value = f'<p class="wk-landing" role="status">Click to save: {link}</p>'

    def bring_back(change: dict) -> None:
        for file in change["new"]:
            _say(below, *_brought_back(progress, bytes(file["content"])))

    button.on_click(prepare)
    upload.observe(bring_back, "value")
    text = "Without widgets: kettle.files.progress.Progress() has .export() and .bring_back(data)"
    show(_panel("wk-progress", _row(button, upload), below), text)


def _brought_back(progress: Progress, data: bytes) -> tuple[str, str]:
    try:
        return f"{progress.bring_back(data)!r}", "wk-good"
    except ValueError as error:
        return str(error), "wk-bad"


def _show_current(draw: Callable[[Progress], Said], progress: Progress | None) -> None:
    """Display a drawing, and draw it again whenever the progress files change."""
    from IPython.display import display

    progress = progress or Progress()
    first = draw(progress)
    handle = display(first, display_id=True)

    async def watch() -> None:
        shown = first
        while True:
            await asyncio.sleep(REFRESH)
            now = await asyncio.to_thread(draw, progress)
            if now != shown:
                shown = now
                handle.update(now)

    try:
        _start(watch, name=draw.__name__)
    except RuntimeError:  # no loop, so this is not a kernel: one drawing is all
        return


_RUNNING: dict[str, asyncio.Task] = {}


def _start(work: Callable, name: str) -> None:
    """Start a task by name, in the place of an earlier one; it ends with the kernel."""
    loop = asyncio.get_running_loop()
    if name in _RUNNING:
        _RUNNING[name].cancel()
    _RUNNING[name] = loop.create_task(work(), name=name)


def _on_click(button: Any, work: Callable) -> None:
    button.on_click(lambda _: _start(work, name=button.description))


def _button(description: str, tooltip: str) -> Any:
    import ipywidgets

    return ipywidgets.Button(description=description, tooltip=tooltip).add_class("wk-main")


def _row(*widgets: object) -> Any:
    import ipywidgets

    return ipywidgets.HBox(list(widgets)).add_class("wk-row")


def _panel(name: str, *widgets: object) -> Any:
    import ipywidgets

    look_of_it = ipywidgets.HTML(CSS, layout={"display": "none"})
    return ipywidgets.VBox([sheet(), look_of_it, *widgets]).add_class("wk").add_class(name)


def _say(place: Any, sentence: str, tone: str = "wk-soft") -> None:
    place.value = f'<p class="{tone}" role="status">{inline(sentence)}</p>'
