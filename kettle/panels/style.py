"""One look for all panels, and how a panel or a sentence is shown."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CSS = Path(__file__).with_name("look.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Said:
    """Something told to the learner: HTML for the browser, plain text for everything else."""

    html: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict:
        return {"text/html": f"<style>{CSS}</style>{self.html}", "text/plain": self.text}


@dataclass(frozen=True)
class Prose:
    """Markdown for the browser, and the same as plain text."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict:
        return {"text/markdown": self.text, "text/plain": self.text}


def inline(text: str) -> str:
    """Escape a sentence for HTML and set what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def say(text: str, *, heading: str = "", tone: str = "", where: str = "", live: bool = True) -> Said:
    """Put a sentence into the course's box.

    Args:
        text: one sentence or a few; backticks mark code.
        heading: a word or two above it.
        tone: "right", "wrong", "unsure" or nothing.
        where: a CSS class of its own, such as "wk-verdict".
        live: whether a screen reader announces it.
    """
    top = f'<p class="wk-heading">{inline(heading)}</p>' if heading else ""
    role = ' role="status" aria-live="polite"' if live else ""
    classes = " ".join(part for part in ("wk wk-box", tone and f"wk-{tone}", where) if part)
    body = "".join(f"<p>{inline(paragraph)}</p>" for paragraph in text.split("\n\n"))
    plain = f"{heading}. {text}" if heading else text
    return Said(f'<div class="{classes}"{role}>{top}{body}</div>', plain)


def show(widget: Any, text: str) -> None:
    """Display a widget, with a text for front ends that have none."""
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        display(Said("", text))
        return
    bundle: dict[str, Any] = {"text/plain": text}
    if widget is not None:
        bundle["application/vnd.jupyter.widget-view+json"] = {
            "version_major": 2,
            "version_minor": 0,
            "model_id": widget.model_id,
        }
    display(bundle, raw=True)


def mark(button: Any, text: str, sign: str = "") -> None:
    """Mark a button as the right answer ("✓"), as a wrong one ("✗"), or as neither.

    Args:
        button: of ipywidgets.
        text: what it says.
        sign: put before it.
    """
    button.description = f"{sign} {text}" if sign else text
    for look, wanted in (("wk-right", "✓"), ("wk-wrong", "✗")):
        (button.add_class if sign == wanted else button.remove_class)(look)


def sheet() -> Any:
    """Make the widget that carries the look into a panel."""
    import ipywidgets

    return ipywidgets.HTML(f"<style>{CSS}</style>", layout={"display": "none"})
