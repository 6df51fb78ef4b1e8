"""A lesson's picture as it was recorded on an idle machine, for learners whose machine is busy."""

import json
from pathlib import Path

from kettle.panels.style import Said
from kettle.pictures.palette import stylesheet
from kettle.pictures.svg import Markup, tag

FILE = "recorded.json"  # in the lesson's folder of checks; benchmarks/record_pictures.py writes it
SUMMARY = "The same run, recorded on a machine with two idle cores"


def recorded(checks: Path) -> Said | None:
    """Return the picture that was recorded for a lesson, folded up; None where there is none.

    Args:
        checks: the lesson's folder.
    """
    try:
        kept = json.loads((checks / FILE).read_text(encoding="utf-8"))
        html, text = kept["html"], kept["text"]
    except (OSError, ValueError, KeyError):
        return None
    style = tag("style", Markup(stylesheet()))
    shown = tag("details", tag("summary", SUMMARY), style, Markup(html))
    return Said(str(shown), f"{SUMMARY}:\n{text}")
