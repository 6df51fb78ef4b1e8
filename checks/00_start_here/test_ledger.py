"""The ledger: every claim, the greatest surprise first, measured outside its lesson and kept."""

import asyncio
import re

import nbformat
import pytest
from nbclient import NotebookClient

from kettle.files.course import ROOT, lesson, lessons
from kettle.files.progress import Progress
from kettle.lessons import ledger_panel
from kettle.lessons.ledger import entries
from kettle.lessons.ledger_claims import every_claim_of
from kettle.lessons.ledger_table import draw_ledger, web_page
from kettle.lessons.measuring import code_of, measured

STEM = "14_one_await_at_a_time"
HERE = lesson(STEM)
NOTEBOOK = HERE.notebook_id("lesson")


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path)


def voted(progress, name, vote):
    progress.record(NOTEBOOK, "voted", name=name, vote=vote, right=False)


def test_each_claim_of_each_lesson_is_in_it(progress):
    found = [(entry.lesson.stem, entry.claim.name) for entry in entries(progress)]
    assert sorted(found) == sorted(
        (each.stem, claim.name) for each in lessons() for claim in every_claim_of(each.checks)
    )


def test_the_greatest_surprise_comes_first(progress):
    for name, vote in {"threads": "holds", "gather": "holds", "promise_all": "holds"}.items():
        voted(progress, name, vote)
    told = [(entry.claim.name, entry.surprise) for entry in entries(progress)]
    assert told[:3] == [("threads", 2), ("promise_all", 1), ("gather", 0)]
    assert {surprise for _, surprise in told[3:]} == {-1}
    assert "You voted the opposite: 1" in draw_ledger(progress).text


def test_the_truth_shows_after_the_vote_and_on_the_web_page_at_once(progress):
    why = "the waste is the sum minus the longest call"
    progress.record(NOTEBOOK, "measured", name="wasted", said="Wasted: 140 ms.")
    assert why not in draw_ledger(progress).html.lower()
    assert "140 ms" not in draw_ledger(progress).html
    assert why in web_page(progress).lower()
    assert "140 ms" in web_page(progress)
    voted(progress, "wasted", "does not hold")
    assert why in draw_ledger(progress).html.lower()
    assert "140 ms" in draw_ledger(progress).html


def test_the_web_page_needs_nothing_else(progress):
    page = web_page(progress)
    assert not re.findall(r'(?:src|href)="', page)
    assert page.count("<tr>") > len(entries(progress))


def test_what_is_said_is_text_whatever_is_in_it(progress):
    progress.record(NOTEBOOK, "measured", name="wasted", said="<script>alert(1)</script>")
    assert "<script>alert" not in web_page(progress)


@pytest.fixture
def two_claims(monkeypatch):
    """Let the ledger have two claims, of one lesson."""
    few = every_claim_of(STEM)[1:3]
    monkeypatch.setattr("kettle.lessons.ledger.lessons", lambda: (HERE,))
    monkeypatch.setattr("kettle.lessons.ledger.every_claim_of", lambda _: few)
    return [claim.name for claim in few]


def test_all_that_are_missing_are_measured_and_kept(progress, two_claims):
    told = []
    asyncio.run(ledger_panel.measure_missing(progress, lambda *each: told.append(each)))
    known = progress.of(NOTEBOOK).measured
    assert known["wasted"]["said"].startswith("Wasted: 1")
    assert list(known) == two_claims
    assert told[-1] == (2, 2, "14 One await at a time")
    told.clear()
    asyncio.run(ledger_panel.measure_missing(progress, lambda *each: told.append(each)))
    assert told == []


def test_what_fails_says_why_and_is_tried_again(progress, two_claims, monkeypatch):
    async def fails(_, names):
        for name in names:
            yield name, "", "no such server here"

    with monkeypatch.context() as patched:
        patched.setattr(ledger_panel, "measured", fails)
        asyncio.run(ledger_panel.measure_missing(progress))
    assert [entry.failed for entry in entries(progress)] == ["no such server here"] * 2
    assert all(entry.missing for entry in entries(progress))
    assert "could not be measured here: no such server here" in web_page(progress)


def test_it_can_be_stopped_and_goes_on(progress, two_claims, monkeypatch):
    kept = asyncio.Event()

    async def one_then_forever(_, names):
        yield names[0], "Measured.", ""
        kept.set()
        await asyncio.sleep(60)

    async def main():
        work = asyncio.create_task(ledger_panel.measure_missing(progress))
        await kept.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    monkeypatch.setattr(ledger_panel, "measured", one_then_forever)
    asyncio.run(asyncio.wait_for(main(), 20))
    assert [entry.claim.name for entry in entries(progress) if entry.missing] == two_claims[1:]


def test_a_vote_in_the_ledger_is_a_vote_in_the_lesson(progress):
    asked = ledger_panel.votes_of(HERE, progress)
    progress.record(NOTEBOOK, "measured", name="wasted", said="Known.")
    said = asyncio.run(ledger_panel.votes_of(HERE, progress).vote("wasted", "holds")).text
    assert said.endswith("Measured here: Known.")
    assert [event["event"] for event in progress.of(NOTEBOOK).events] == ["measured", "voted"]
    assert progress.of(NOTEBOOK).votes == {"wasted": "holds"}
    assert set(asked.claims) == {claim.name for claim in every_claim_of(STEM)}


def test_a_measure_that_raises_or_dies_says_why(monkeypatch):
    code = "async def dies():\n    import os\n    os._exit(1)\n\n\ndef fails():\n    return 1 / 0\n\n\n"
    code += "kettle_measures = {'wasted': fails, 'threads': dies, 'gather': fails}"
    monkeypatch.setattr("kettle.lessons.measuring.code_of", lambda *_: code)

    async def main():
        return [each async for each in measured(HERE, ["wasted", "threads", "gather"])]

    found = asyncio.run(main())
    assert [name for name, *_ in found] == ["wasted", "threads", "gather"]
    assert found[0][2] == "ZeroDivisionError: division by zero"
    assert [why for *_, why in found[1:]] == ["its process has ended"] * 2


def test_the_page_runs_without_a_front_end(tmp_path, monkeypatch):
    monkeypatch.setenv("KETTLE_PROGRESS", str(tmp_path))
    page = nbformat.read(ROOT / "notebooks" / "99_ledger.ipynb", as_version=4)
    NotebookClient(page, timeout=60, kernel_name="python3").execute(cwd=str(ROOT / "notebooks"))
    text = str([cell.get("outputs") for cell in page.cells])
    assert f"{len(entries(Progress(tmp_path)))} claims; measured here: 0." in text
    assert "vote first" in text


def test_the_measures_of_each_fact_check_are_found():
    for each in lessons():
        names = [claim.name for claim in every_claim_of(each.checks)[:4]]
        compile(
            code := code_of(each, names), each.stem, "exec", flags=0x2000
        )  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        assert all(f"{name!r}: " in code.splitlines()[-1] for name in names), each.stem
