"""What the ledger shows and offers to click: votes, one button that measures all that is missing, a web page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from kettle.files.course import LessonFiles, lessons
from kettle.files.progress import Progress
from kettle.lessons.landing_tables import name_of
from kettle.lessons.landing_widgets import button, offer, panel, row, say, show_current
from kettle.lessons.ledger import entries
from kettle.lessons.ledger_claims import every_claim_of
from kettle.lessons.ledger_table import draw_ledger, web_page
from kettle.lessons.measuring import NotMeasured, measured
from kettle.panels.claims import Votes
from kettle.panels.style import show


def ledger(progress: Progress | None = None) -> None:
    """Show all claims as a table, and keep it current while the kernel runs."""
    show_current(draw_ledger, progress)


def votes_of(lesson: LessonFiles, progress: Progress) -> Votes:
    """Return all claims of a lesson, to be voted on; what was measured before is not measured again."""
    known = progress.of(lesson.notebook_id("lesson"))
    claims = every_claim_of(lesson.checks)

    async def told(name: str) -> str:
        if said := known.measured.get(name, {}).get("said"):
            return said
        async for _, said, failed in measured(lesson, [name]):
            if failed:
                raise NotMeasured(failed)
            return said
        return ""

    def record(event: str, **details: Any) -> None:
        old = known.measured.get(details["name"], {}).get("said")
        if event != "measured" or details["said"] != old:  # what was known keeps its date
            progress.record(lesson.notebook_id("lesson"), event, **details)

    return Votes(claims, {claim.name: _bound(told, claim.name) for claim in claims}, known.votes, record)


def _bound(told: Callable, name: str) -> Callable:
    async def measure() -> str:
        return await told(name)

    return measure


def vote_panel(progress: Progress | None = None) -> None:
    """Show a list of the lessons, and the claims of the chosen one with buttons to vote on them."""
    import ipywidgets

    progress, below = progress or Progress(), ipywidgets.VBox()
    choice = ipywidgets.Dropdown(
        options=[("Choose a lesson", None), *((name_of(each), each) for each in lessons())],
        description="Claims of",
        style={"description_width": "initial"},
    )

    def chosen(change: Mapping[str, Any]) -> None:
        lesson = change["new"]
        below.children = [votes_of(lesson, progress).widget()] if lesson else []

    choice.observe(chosen, "value")
    text = "Without widgets: from kettle.lessons.ledger_panel import measure_missing; await measure_missing()"
    show(panel("wk-vote", choice, below), text)


async def measure_missing(
    progress: Progress | None = None, tell: Callable[[int, int, str], None] = lambda *_: None
) -> None:
    """Measure each claim that has no measurement yet; each is kept as soon as it is there.

    Args:
        progress: where it is kept.
        tell: called with how many are done, of how many, and what comes next.
    """
    progress = progress or Progress()
    missing: dict[LessonFiles, list[str]] = {}
    for entry in sorted(entries(progress), key=lambda entry: entry.lesson.number):
        if entry.missing:
            missing.setdefault(entry.lesson, []).append(entry.claim.name)
    of, done = sum(map(len, missing.values())), 0
    for lesson, names in missing.items():
        tell(done, of, name_of(lesson))
        async with aclosing(measured(lesson, names)) as found:
            async for name, said, failed in found:
                told = {"said": said} if said else {"failed": failed}
                progress.record(lesson.notebook_id("lesson"), "measured", name=name, **told)
                done += 1
                tell(done, of, name_of(lesson))


def measure_panel(progress: Progress | None = None) -> None:
    """Show a button that measures all that is missing; it can be stopped, and goes on where it was."""
    import ipywidgets

    begin = button("Measure all that are missing", "Takes some minutes; what is measured is kept")
    stop = ipywidgets.Button(description="Stop", disabled=True)
    below = ipywidgets.HTML()
    tasks: list[asyncio.Task] = []

    def tell(done: int, of: int, what: str) -> None:
        share = 100 * done // of if of else 100
        bar = f'<div class="wk-bar"><i style="width: {share}%"></i></div>'
        below.value = f'{bar}<p class="wk-soft" role="status">{done} of {of} measured. Now: {what}.</p>'

    async def work() -> None:
        begin.disabled, stop.disabled = True, False
        try:
            await measure_missing(progress, tell)
            say(below, "All claims are measured. Those that could not be measured here say why.", "wk-good")
        except asyncio.CancelledError:
            say(below, "Stopped. What was measured is kept; the button goes on with the rest.")
        except Exception as error:  # noqa: BLE001 - whatever it is, a sentence and not a traceback in a log
            say(below, f"It stopped: {type(error).__name__}: {error}", "wk-bad")
        finally:
            begin.disabled, stop.disabled = False, True

    def begun(_: object) -> None:
        tasks[:] = [asyncio.get_running_loop().create_task(work())]

    def stopped(_: object) -> None:
        for task in tasks:
            task.cancel()

    begin.on_click(begun)
    stop.on_click(stopped)
    text = "Without widgets: from kettle.lessons.ledger_panel import measure_missing; await measure_missing()"
    show(panel("wk-measure", row(begin, stop), below), text)


def page_panel(progress: Progress | None = None) -> None:
    """Show a button that makes a web page of the ledger, to save and to show to others."""
    import ipywidgets

    save, below = button("Save as a web page", "Makes a link to a file"), ipywidgets.HTML()

    def clicked(_: object) -> None:
        name = f"watched-kettle-ledger-{datetime.now(UTC):%Y-%m-%d}.html"
        offer(below, name, "text/html", web_page(progress or Progress()).encode())

    save.on_click(clicked)
    text = "Without widgets: from kettle.lessons.ledger_table import web_page; it returns the page as a text"
    show(panel("wk-save-ledger", row(save), below), text)
