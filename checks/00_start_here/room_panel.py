"""The panel by which a learner joins a teacher's room, sees what is sent, and leaves."""

import asyncio
from html import escape
from pathlib import Path
from typing import Any

from kettle.files.progress import Progress
from kettle.lessons.landing_widgets import button, on_click, panel, row, start
from kettle.panels.style import inline, show
from kettle_room import joining
from kettle_room.handing_over import NEVER, SENT

REFRESH = 1.0  # seconds between two looks at what was sent
HOW = "Without widgets, in a lesson: lesson.join(address, code, name) and lesson.leave()"


class RoomPanel:
    """Fields and buttons to join and to leave, the list of what is sent, and what was.

    Args:
        folder: of what is to be sent, see kettle_room.outbox.
    """

    def __init__(self, folder: Path) -> None:
        import ipywidgets

        self._folder = folder
        self.address, self.code, self.name = (
            ipywidgets.Text(description=text, placeholder=hint).add_class(f"wk-{css}")
            for text, hint, css in (
                ("Address of the room", "192.168.1.20:8877", "room-address"),
                ("Code of the room", "abcd-efgh-jkmn", "room-code"),
                ("Your name, for the teacher to see", "any name will do", "room-name"),
            )
        )
        self.join = button("Join the room", "From then on, what is listed here is sent").add_class("wk-join")
        self.leave = button("Leave the room", "Nothing is sent any more").add_class("wk-leave")
        self.state, self.told, self.sent = (ipywidgets.HTML() for _ in range(3))
        on_click(self.join, self._join)
        on_click(self.leave, self._leave)
        self._fields = ipywidgets.VBox([self.address, self.code, self.name])
        listed = ipywidgets.HTML(what_is_sent())
        buttons = row(self.join, self.leave)
        self.widget = panel("wk-room-panel", listed, self._fields, buttons, self.told, self.state, self.sent)
        self.refresh()

    def refresh(self) -> None:
        """Show the state as it is now."""
        state = f'<p class="wk-soft" role="status">{inline(joining.state(self._folder))}</p>'
        if state != self.state.value:
            self.state.value = state
        lines = joining.sent(self._folder)
        shown = escape("\n".join(lines))
        sent = f"<details><summary>What was sent last, as it was sent</summary><pre>{shown}</pre></details>"
        if lines and sent != self.sent.value:
            self.sent.value = sent
        elif not lines:
            self.sent.value = ""
        joined = joining.joined(self._folder)
        self.join.disabled, self.leave.disabled = joined, not joined
        self._fields.layout.display = "none" if joined else None

    async def watch(self) -> None:
        """Keep it current."""
        while True:
            await asyncio.sleep(REFRESH)
            self.refresh()

    async def _join(self) -> None:
        typed = (self.address.value, self.code.value, self.name.value)
        self.join.disabled = True
        self.told.value = (await asyncio.to_thread(joining.join, self._folder, *typed, listed=False)).html
        self.refresh()

    async def _leave(self) -> None:
        self.leave.disabled = True
        self.told.value = (await asyncio.to_thread(joining.leave, self._folder)).html
        self.refresh()


def what_is_sent() -> str:
    """Return the list of what is sent once a room is joined, as HTML."""
    listed = "".join(f"<li>{inline(each)}</li>" for each in SENT)
    return (
        f"<p>Once you have joined, this is sent to your teacher:</p><ul>{listed}</ul><p>{inline(NEVER)}</p>"
    )


def room_panel(progress: Progress | None = None) -> Any:
    """Show the panel, and keep it current while the kernel runs."""
    made = RoomPanel((progress or Progress()).room)
    show(made.widget, "\n".join(["What is sent once you have joined a room:", *SENT, NEVER, HOW]))
    try:
        start(made.watch, name="room-panel")
    except RuntimeError:  # no loop, so this is not a kernel: one drawing is all
        return
