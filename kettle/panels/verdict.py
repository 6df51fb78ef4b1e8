"""The verdict and the ladder of hints, drawn."""

from __future__ import annotations

import html
from collections.abc import Sequence

from kettle.checking import Verdict
from kettle.panels.style import Said, inline

TONES = {"right": "right", "not yet": "wrong", "undecided": "unsure", "broken": "wrong", "stopped": ""}
MARKS = {
    "passed": ("✓", "good", "passed"),
    "not yet": ("✗", "bad", "not yet"),
    "undecided": ("?", "doubt", "cannot tell"),
    "broken": ("✗", "bad", "stops"),
    "skipped": ("–", "soft", "not looked at"),
}


def draw(verdict: Verdict, advice: str = "", first: str = "") -> Said:
    """Draw a verdict: heading and message, each finding with its mark and a word, notes.

    Args:
        verdict: what the checker found.
        advice: a sentence about how to go on.
        first: a sentence to be read before it, since it is on another program than the one that ran.
    """
    rows = []
    for finding in verdict.findings:
        mark, tone, word = MARKS.get(finding.outcome, MARKS["skipped"])
        because = f'<span class="wk-because">{inline(finding.message)}</span>'
        told = finding.message and finding.message != verdict.message and finding.outcome != "skipped"
        rows.append(
            f'<li><span class="wk-mark wk-{tone}" aria-hidden="true">{mark}</span>{inline(finding.title)}'
            f' <span class="wk-{tone}">({word})</span>{because if told else ""}</li>'
        )
    listed = f'<ul class="wk-findings">{"".join(rows)}</ul>' if rows else ""
    notes = "".join(f'<p class="wk-soft">Note: {inline(note)}</p>' for note in verdict.notes)
    advised = f"<p>{inline(advice)}</p>" if advice else ""
    warned = f'<p class="wk-first">{inline(first)}</p>' if first else ""
    tone = TONES.get(verdict.outcome) or "plain"
    box = (
        f'<div class="wk wk-box wk-verdict wk-{tone}" role="status" aria-live="polite"'
        f' data-outcome="{html.escape(verdict.outcome)}">{warned}'
        f'<p class="wk-heading">{inline(verdict.heading)}</p>'
        f"<p>{inline(verdict.message)}</p>{listed}{notes}{advised}</div>"
    )
    return Said(box, "\n".join(filter(None, (first, repr(verdict), advice))))


def ladder(hints: Sequence[str], rung: int) -> Said:
    """Show the hints up to a rung, the newest last.

    Args:
        hints: all rungs.
        rung: of the newest, from 1.
    """
    heading = f"Hint {rung} of {len(hints)}"
    earlier = "".join(
        f'<p class="wk-soft">{number}. {inline(hint)}</p>' for number, hint in enumerate(hints[: rung - 1], 1)
    )
    more = (
        ""
        if rung < len(hints)
        else '<p class="wk-soft">That was the last hint; the solution is there on request.</p>'
    )
    box = (
        f'<div class="wk wk-box wk-hint-text" role="status" aria-live="polite">'
        f'<p class="wk-heading">{heading}</p>{earlier}<p>{inline(hints[rung - 1])}</p>{more}</div>'
    )
    return Said(box, f"{heading}. {hints[rung - 1]}")
