"""Words beside what is shown: the point of a picture, and the way to another lesson."""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import Any

from kettle.files.course import LessonFiles
from kettle.panels.style import Said, inline


def pointed(picture: Any, point: str) -> list:
    """Return what to show: the point of a picture, and the picture below it.

    The text alternative of the picture begins with the point.

    Args:
        picture: anything that can be displayed, or None.
        point: what the picture is there to show; may be empty.
    """
    if not point:
        return [] if picture is None else [picture]
    if hasattr(picture, "with_point"):
        return [picture.with_point(point)]
    said = Said(f'<div class="wk wk-point"><p>{inline(point)}</p></div>', point)
    return [said] if picture is None else [said, picture]


def pointer(lesson: LessonFiles, folder: Path, what: str) -> Said:
    """Return a line with a link to a lesson.

    Args:
        lesson: where it leads.
        folder: of the notebook that it stands in.
        what: is found there.
    """
    link = os.path.relpath(lesson.notebook, folder).replace(os.sep, "/")
    name = f"Lesson {lesson.number:02}, {lesson.title}"
    after = f": {what}" if what else ""
    box = f'<p class="wk"><a href="{html.escape(link)}">{inline(name)}</a>{inline(after)}.</p>'
    return Said(box, f"{name} ({link}){after}.")
