"""Catching up with the class: the solution's fix in the learner's fix cell, after a dated copy."""

from __future__ import annotations

import json
from pathlib import Path

from kettle.files.notebook import NotebookTrouble, certifying, keep_copy, read, tagged
from kettle.panels.actions import Actions
from kettle.panels.solution import load
from kettle.panels.style import Said as Shown
from kettle.panels.style import say
from kettle_room import client
from kettle_room.handing_over import hand_over
from kettle_room.outbox import Outbox
from kettle_room.syllabus import FIX, STEPS

NO_ROOM = "Join your teacher's room first, on the landing page or with `lesson.join(address, code, name)`."


def catch_up(actions: Actions) -> Shown:
    """Put the fix into the learner's fix cell, if the class has reached it; return what to show.

    Args:
        actions: of the notebook.
    """
    joined = Outbox(actions.room).joined
    if certifying() or joined is None:
        return _box(NO_ROOM, "Nothing was changed")
    try:
        reached = client.ask(joined.address, f"api/reached?notebook={actions.id}", token=joined.token)
    except (client.NoAnswer, client.Said) as error:
        return _box(str(error), "Nothing was changed")
    if not reached.get("fix"):
        step = str(reached.get("name") or "")
        where = (
            f"Your class is at the step “{step}”"
            if step in STEPS
            else "Your teacher has not said yet how far the class is"
        )
        text = f"{where}. The fix can be had from the step “{STEPS[FIX - 1]}” on."
        return _box(f"{text} Hints cost nothing: `lesson.hint()`.", "Nothing was changed")
    return _changed(actions)


def _changed(actions: Actions) -> Shown:
    def write() -> str:
        copy = put(actions.path, load(actions.files.solution, actions.kind).code)
        hand_over(actions.room, actions.id, {"event": "caught_up"})
        return f"The fix is in its cell: run it. Yours is kept in the same folder as `{copy.name}`."

    try:
        told = actions.saver.change(write)
    except (NotebookTrouble, OSError) as trouble:
        return _box(str(trouble), "Nothing was changed")
    if not told:
        return _box("In a moment. What you have is saved first.", "Caught up", "right")
    more = "To see it, close this notebook without saving and open it again."
    return _box(f"{told} {more}", "Caught up", "right")


def put(path: Path, code: str) -> Path:
    """Put code into the fix cell of a notebook, in one step, after a dated copy; return where the copy is.

    A cell that was split becomes one again.

    Raises:
        NotebookTrouble: the notebook cannot be read, or has no such cell; it is then untouched.
    """
    notebook = read(path)
    cells = tagged(notebook, "fix")
    if not cells:
        raise NotebookTrouble("The cell with the fix is missing. `lesson.reset()` brings the starter back.")
    first, *others = cells
    first["source"] = code.splitlines(keepends=True)
    first["outputs"], first["execution_count"] = [], None
    notebook["cells"] = [each for each in notebook["cells"] if not any(each is other for other in others)]
    copy = keep_copy(path)
    assert copy is not None, "it has just been read"
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)
    return copy


def _box(text: str, heading: str, tone: str = "unsure") -> Shown:
    return say(text, heading=heading, tone=tone, where="wk-room")
