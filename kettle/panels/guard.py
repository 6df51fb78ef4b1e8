"""A guard tried out: a test for the learner's own project, run on the merged code and on the learner's."""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable

from kettle.checking.runner import assertions
from kettle.panels.style import Said, inline

FAILS, PASSES, ODD = "fails", "passes", "stops"


async def outcome(test: Callable, code: Callable) -> tuple[str, str]:
    """Run a test on one version; return "fails", "passes" or "stops", and what it says."""
    try:
        result = test(code)
        if inspect.isawaitable(result):
            await result
    except AssertionError as error:
        return FAILS, (str(error).splitlines() or [""])[0]
    except Exception as error:  # noqa: BLE001 - shown to the learner
        return ODD, f"{type(error).__name__}: {error}"
    return PASSES, ""


async def try_out(test: Callable, merged: Callable, yours: Callable) -> Said:
    """Run a test on the merged code, where it ought to fail, and on the learner's; say how it went.

    Args:
        test: a test function, plain or asynchronous; takes the function to be tested.
        merged: the merged code.
        yours: the learner's.
    """
    if not assertions.are_on():
        return _said([assertions.OFF_HERE])
    lines = []
    for name, code in (("the merged code", merged), ("your code", yours)):
        how, why = await outcome(test, code)
        lines.append(f"`{test.__name__}` {how} on {name}{f': {why}' if why else ''}.".replace("..", "."))
    if merged is yours:
        lines[1:] = ["Your code is still the merged code. Run your fix, then run this cell again."]
    return _said(lines)


def _said(lines: list[str]) -> Said:
    body = "".join(f"<p>{inline(line)}</p>" for line in lines)
    box = f'<div class="wk wk-box wk-guard" role="status" aria-live="polite">{body}</div>'
    return Said(box, "\n".join(map(html.unescape, lines)))
