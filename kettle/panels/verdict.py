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
    "broken": ("✗", "bad", "stopped"),
    "skipped": ("–", "soft", "not checked"),
}
OVER = "You have seen all {}. The Solution button, or `lesson.solution()`, shows the answer beside your code."


def draw(verdict: Verdict, advice: str = "", first: str = "") -> Said:
    """Draw a verdict: heading, error of the learner's code, message, each finding with its mark, notes.

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
    raised = f'<pre class="wk-raised">{html.escape(verdict.raised)}</pre>' if verdict.raised else ""
    tone = TONES.get(verdict.outcome) or "plain"
    box = (
        f'<div class="wk wk-box wk-verdict wk-{tone}" role="status" aria-live="polite"'
        f' data-outcome="{html.escape(verdict.outcome)}">{warned}'
        f'<p class="wk-heading">{inline(verdict.heading)}</p>{raised}'
        f"<p>{inline(verdict.message)}</p>{listed}{notes}{advised}</div>"
    )
    return Said(box, "\n".join(filter(None, (first, repr(verdict), advice))))


def ladder(hints: Sequence[str], rung: int) -> Said:
    """Show the hints up to a rung, the newest last; after the last one, say that there are no more.

    Args:
        hints: all rungs.
        rung: of the newest, from 1; more than there are, where all were given before.
    """
    over = rung > len(hints)
    heading = "No more hints" if over else f"Hint {rung} of {len(hints)}"
    newest = OVER.format(len(hints)) if over else hints[rung - 1]
    earlier = "".join(
        f'<p class="wk-soft">{number}. {inline(hint)}</p>' for number, hint in enumerate(hints[: rung - 1], 1)
    )
    number = "" if over or rung == 1 else f"{rung}. "
    now = f"<p>{number}{inline(newest)}</p>"
    body = f"{now}{earlier}" if over else f"{earlier}{now}"
    box = (
        f'<div class="wk wk-box wk-hint-text" role="status" aria-live="polite">'
        f'<p class="wk-heading">{heading}</p>{body}</div>'
    )
    return Said(box, f"{heading}. {newest}")
