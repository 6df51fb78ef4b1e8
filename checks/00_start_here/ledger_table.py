"""The ledger as a table, in the notebook and as a web page of its own."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from kettle.files.progress import Progress
from kettle.lessons.landing_tables import as_page, as_table, link_to, name_of
from kettle.lessons.ledger import Entry, entries
from kettle.panels.claims import quoted
from kettle.panels.style import CSS, Said, inline

HEADS = ("Claim", "Your vote", "Truth", "Measured on this machine")
SURPRISES = {
    2: "You voted the opposite",
    1: "Your vote was partly right",
    0: "Your vote was right",
    -1: "You have not voted",
}
STYLE = """<style>
.wk.wk-landing.wk-ledger { max-width: 72rem; } .wk-ledger.wk-ledger table { table-layout: fixed; }
.wk-ledger th[scope="col"]:nth-child(1) { width: 34%; } .wk-ledger th[scope="col"]:nth-child(2) { width: 13%; }
.wk-ledger details summary { cursor: pointer; }
</style>"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Watched Kettle: the ledger</title><style>body {{ margin: 2rem; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111; }} }}</style></head>
<body data-jp-theme-light="true"><h1 class="wk" style="font-size: 1.6rem">Watched Kettle: the ledger</h1>{body}
<script>document.body.dataset.jpThemeLight = !matchMedia("(prefers-color-scheme: dark)").matches;</script>
</body></html>
"""


def draw_ledger(progress: Progress) -> Said:
    """Draw all claims, the greatest surprise first; the truth of those without a vote stays hidden."""
    return _draw(entries(progress), open_all=False)


def web_page(progress: Progress) -> str:
    """Return the ledger as a web page that needs nothing else: all claims, voted on or not."""
    return PAGE.format(body=f"<style>{CSS}</style>{_draw(entries(progress), open_all=True).html}")


def _draw(found: Sequence[Entry], *, open_all: bool) -> Said:
    bodies, lines = [], []
    for surprise, heading in SURPRISES.items():
        here = [entry for entry in found if entry.surprise == surprise]
        if here:
            head = f'<tr><th scope="rowgroup" colspan="4">{heading}: {len(here)}</th></tr>'
            rows = "".join(_row(entry, open_all=open_all) for entry in here)
            bodies.append(f'<tbody class="wk-part">{head}{rows}</tbody>')
            lines += [f"{heading}: {len(here)}", *(_line(entry, open_all=open_all) for entry in here)]
    measured = sum(not entry.missing for entry in found)
    said = (
        f"{len(found)} claims; measured here: {measured}. {_machine()}, {datetime.now(UTC):%Y-%m-%d}. "
        "Times depend on the machine: believe ratios and counts."
    )
    table = STYLE + as_table(said, HEADS, "".join(bodies))
    return as_page(table, "\n".join([said, *lines]), "wk-ledger")


def _row(entry: Entry, *, open_all: bool) -> str:
    claim, files = entry.claim, entry.lesson
    lesson = escape(name_of(files)) if open_all else link_to(files.notebook.name, name_of(files))
    cell = f'<th scope="row">{inline(quoted(claim))}<span class="wk-mean">{lesson}</span></th>'
    if not open_all and not entry.vote:
        return f'<tr>{cell}<td>–</td><td class="wk-soft">vote first</td><td class="wk-soft">{_whether(entry)}</td></tr>'
    why = f"<details{' open' * open_all}><summary>{claim.truth}</summary>{inline(claim.why)}</details>"
    return f"<tr>{cell}<td>{entry.vote or '–'}</td><td>{why}</td><td>{_found(entry)}</td></tr>"


def _found(entry: Entry) -> str:
    if entry.said:
        date = f'<span class="wk-mean">{entry.when:%Y-%m-%d %H:%M} UTC</span>' if entry.when else ""
        return inline(entry.said) + date
    if entry.failed:
        return f'<span class="wk-soft">It could not be measured here: {inline(entry.failed)}</span>'
    return '<span class="wk-soft">not measured yet</span>'


def _whether(entry: Entry) -> str:
    return "not measured yet" if entry.missing else "measured"


def _line(entry: Entry, *, open_all: bool) -> str:
    shown = open_all or entry.vote
    truth = (
        f"{entry.claim.truth}; measured: {entry.said or entry.failed or 'not yet'}" if shown else "vote first"
    )
    return f"  {entry.lesson.number:02} {quoted(entry.claim)}: you: {entry.vote or '–'}; {truth}"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
