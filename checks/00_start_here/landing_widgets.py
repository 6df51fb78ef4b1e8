"""What the course's own pages are made of: buttons, rows, and drawings that stay current."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any

from kettle.files.progress import Progress
from kettle.lessons.landing_tables import CSS
from kettle.panels.style import Said, inline, sheet

REFRESH = 2.0  # seconds between two looks at the progress files: a map is right when its learner returns


def show_current(draw: Callable[[Progress], Said], progress: Progress | None) -> None:
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
        start(watch, name=draw.__name__)
    except RuntimeError:  # no loop, so this is not a kernel: one drawing is all
        return


_RUNNING: dict[str, asyncio.Task] = {}


def start(work: Callable, name: str) -> None:
    """Start a task by name, in the place of an earlier one; it ends with the kernel."""
    loop = asyncio.get_running_loop()
    if name in _RUNNING:
        _RUNNING[name].cancel()
    _RUNNING[name] = loop.create_task(work(), name=name)


def on_click(button: Any, work: Callable) -> None:
    """Let a click start asynchronous work."""
    button.on_click(lambda _: start(work, name=button.description))


def button(description: str, tooltip: str) -> Any:
    """Return a button that stands out."""
    import ipywidgets

    return ipywidgets.Button(description=description, tooltip=tooltip).add_class("wk-main")


def row(*widgets: object) -> Any:
    """Put widgets beside each other."""
    import ipywidgets

    return ipywidgets.HBox(list(widgets)).add_class("wk-row")


def panel(name: str, *widgets: object) -> Any:
    """Put widgets below each other, in the course's look; name: a CSS class."""
    import ipywidgets

    look_of_it = ipywidgets.HTML(CSS, layout={"display": "none"})
    return ipywidgets.VBox([sheet(), look_of_it, *widgets]).add_class("wk").add_class(name)


def say(place: Any, sentence: str, tone: str = "wk-soft") -> None:
    """Show a sentence in an HTML widget, and have it read aloud."""
    place.value = f'<p class="{tone}" role="status">{inline(sentence)}</p>'


def offer(place: Any, name: str, kind: str, data: bytes) -> None:
    """Show a link in an HTML widget that saves data as a file of this name; kind: its media type."""
    href = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    link = f'<a class="wk-download" download="{name}" href="{href}">{name}</a>'
    place.value = f'<p class="wk-landing" role="status">Click to save: {link}</p>'
