"""The verbs of a lesson, as code and by clicking, with a checker that answers at once."""

import asyncio
import json
import platform
import random
import shutil
import subprocess
import sys
import threading
import time
import types
from dataclasses import replace

import numpy as np
import psutil
import pytest

from kettle.checking import Verdict, checks
from kettle.files import executed
from kettle.files.progress import Progress
from kettle.lesson import Lesson
from kettle.panels import check as check_panel
from kettle.panels.run import Interrupted

STEM = "14_x"


class FakeChecker:
    """Stands in for the checker's process, which has tests of its own."""

    def __init__(self, outcome="right"):
        self.outcome = outcome
        self.released = threading.Event()
        self.released.set()

    def warm_up(self):
        pass

    def wait_settled(self, timeout):
        return True

    resting = False

    def touch(self):
        pass

    def check(self, on_event=None, on_note=None):
        if on_event:
            on_event("Looking at the answers")
        self.released.wait(20)
        verdict = Verdict(self.outcome, "So it is.")
        self.tell_later = lambda: on_note(replace(verdict, notes=("Twice as fast here.",)))
        return verdict

    def stop(self):
        self.outcome = "stopped"
        self.released.set()


def write_words(course, stem, words):
    folder = course / "checks" / stem
    folder.mkdir(exist_ok=True)
    (folder / "words.toml").write_text(words)


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Fourteen"},
        {"cell_type": "code", "metadata": {"tags": ["fix"], "kettle": {"of": "lesson"}}, "source": "x = 1"},
    ]
    for folder in ("notebooks", "solutions", "checks", ".kettle/pristine/notebooks"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / f"{STEM}.ipynb").write_text(json.dumps({"cells": cells}))
    write_words(tmp_path, STEM, '[lesson]\nhints = ["one", "two"]\n')
    monkeypatch.setattr(checks, "CHECKS", tmp_path / "checks")
    monkeypatch.setenv("KETTLE_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.delenv("KETTLE_CERTIFYING", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return tmp_path


@pytest.fixture
def lesson(course):
    return Lesson(STEM, _root=course, _checker=FakeChecker())


def history():
    return Progress().of(f"notebooks/{STEM}")


async def triple(value):
    await asyncio.sleep(0.01)
    return value * 3


def predicted(lesson):
    lesson.predict(total="How many seconds?", unit="s")
    lesson.lock_in(total=3)
    return lesson


def test_importing_kettle_is_cheap():
    code = "import sys, kettle; assert 'ipywidgets' not in sys.modules and 'kettle.lesson' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_it_says_what_it_is_and_refuses_a_lesson_that_is_not_there(lesson, course):
    assert repr(lesson) == "Lesson 14: Fourteen"
    with pytest.raises(LookupError, match="no lesson called"):
        Lesson("99_nothing", _root=course)


def test_nothing_runs_before_a_prediction_is_locked_in(lesson, capsys):
    ran = []
    lesson.predict(total="How many seconds?", unit="s")
    assert asyncio.run(lesson.run(ran.append, 1)) is None
    assert not ran
    assert "Lock in your prediction first" in capsys.readouterr().out


def test_a_prediction_is_never_changed_not_even_by_another_kernel(lesson, course, capsys):
    predicted(lesson)
    lesson.lock_in(total=4)
    assert "that was locked in before stays" in capsys.readouterr().out
    assert history().predictions == {"total": 3}
    again = Lesson(STEM, _root=course, _checker=FakeChecker())
    assert asyncio.run(again.run(triple, 2)) == 6
    again.predict(total="How many seconds?", unit="s")
    assert "Locked in: 3.00 s." in capsys.readouterr().out


def test_a_recorded_picture_stands_beneath_the_learners_own(lesson, course, capsys):
    kept = {"html": "<figure></figure>", "text": "as on an idle machine"}
    (course / "checks" / STEM / "recorded.json").write_text(json.dumps(kept))
    asyncio.run(predicted(lesson).run(triple, 2, picture=lambda result: "my own picture"))
    shown = capsys.readouterr().out
    assert shown.index("my own picture") < shown.index("as on an idle machine")


def test_a_run_gives_the_result_and_sets_the_prediction_beside_the_fact(lesson, capsys):
    predicted(lesson)
    assert asyncio.run(lesson.run(triple, 2)) == 6
    assert asyncio.run(lesson.run(lambda value: threading.current_thread().name, 1)) == "lesson"
    assert "Predicted: 3.00 s; measured:" in capsys.readouterr().out
    assert history().runs[0].seconds > 0


def test_facts_of_a_run_may_be_counted_and_pictures_made(lesson, capsys):
    lesson.predict(calls="How many calls?", limit="What is the limit?", unit="calls", answer={"limit": 100})
    lesson.lock_in(calls=2, limit=10)
    shown = lambda result, traffic: f"picture of {result}"  # noqa: E731
    asyncio.run(lesson.run(triple, 2, fact=lambda result, traffic: result, picture=shown))
    out = capsys.readouterr().out
    assert "picture of 6" in out
    assert "measured: 6 calls" in out
    assert "measured: 100 calls" in out


def test_a_run_can_count_its_steps(lesson):
    predicted(lesson)

    def work(tick):
        for _ in range(5):
            tick()
        return "done"

    assert asyncio.run(lesson.run(work, progress=5)) == "done"


def test_an_error_of_the_learners_own_code_is_theirs_to_see(lesson, capsys):
    predicted(lesson)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(lesson.run(lambda: 1 / 0))
    assert history().runs == ()


def test_an_interrupted_run_says_so_in_a_sentence(lesson):
    predicted(lesson)

    async def main():
        task = asyncio.create_task(lesson.run(asyncio.sleep, 60))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(Interrupted) as caught:
            await asyncio.wait_for(task, 20)
        assert caught.value._render_traceback_() == ["Interrupted: nothing was measured."]
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1


def test_the_loop_wakes_during_a_quiet_wait_so_that_an_interrupt_is_noticed(lesson):
    predicted(lesson)

    async def main():
        loop = asyncio.get_running_loop()
        delays = []
        later = loop.call_at
        loop.call_at = lambda when, *args, **kwargs: (
            delays.append(when - loop.time()) or later(when, *args, **kwargs)
        )
        await lesson.run(asyncio.sleep, 0.5)
        return min(delays), len(delays)

    shortest, count = asyncio.run(main())
    assert shortest <= 0.11
    assert count > 2


def test_when_certified_nothing_is_asked_recorded_or_checked_again(lesson, monkeypatch, capsys):
    monkeypatch.setenv("KETTLE_CERTIFYING", "1")
    lesson.warm_up()
    lesson.predict(total="How many seconds?", unit="s")
    assert asyncio.run(lesson.run(triple, 2)) == 6
    assert lesson.check() is None
    lesson.panel()
    assert history().events == ()


def test_compare_gives_numbers_for_the_same_answers(lesson, capsys):
    async def slow(value):
        await asyncio.sleep(0.05)
        return value

    found = asyncio.run(lesson.compare(slow, lambda value: value, 7)).found
    assert found.outcome == "faster"
    assert history().compared == (found.ratio, found.low, found.high)
    said = capsys.readouterr().out
    assert "The same answers. Faster: `<lambda>` is about" in said
    assert f"{len(found.before)} runs of each, in random order." in said


def test_a_full_run_does_not_wait_until_equal_versions_are_told_the_same(lesson, monkeypatch):
    rng = random.Random(24)

    def before():
        time.sleep(0.01 * rng.random())

    def after():
        before()

    monkeypatch.setenv("KETTLE_CERTIFYING", "1")
    assert len(asyncio.run(lesson.compare(before, after)).found.before) == 6


def test_compare_compares_what_the_lesson_is_about(lesson, capsys):
    """A version that takes as long, and keeps others waiting less."""
    rng = random.Random(24)

    def as_merged(value):
        return value, [4.0, 900 + rng.randrange(50)]

    def fixed(value):
        time.sleep(0.01)
        return value, [30 + rng.randrange(3), 2.0]

    given = {"what": "the longest delay of /health", "unit": "ms", "measure": max}
    found = asyncio.run(lesson.compare(as_merged, fixed, 7, **given)).found
    assert found.outcome == "faster"
    assert found.before[0] >= 900
    assert found.after[0] < 40
    said = capsys.readouterr().out
    assert "The longest delay of /health is about" in said
    assert "times shorter with `fixed` than with `as_merged`" in said
    assert "the longest delay of /health, median: 9" in said


def test_compare_in_other_words_still_takes_the_time_of_a_run(lesson, capsys):
    async def slow(value):
        await asyncio.sleep(0.05)
        return value

    asyncio.run(lesson.compare(slow, lambda value: value, 7, what="the wait until the visitor has an answer"))
    assert "The wait until the visitor has an answer is about" in capsys.readouterr().out


def test_what_is_measured_takes_no_part_in_the_answers(lesson, capsys):
    given = {"what": "the number of open files", "unit": "open", "measure": float}
    assert asyncio.run(lesson.compare(lambda: (1, 40), lambda: (2, 3), **given)) is None
    assert "Not the same answers" in capsys.readouterr().out
    with pytest.raises(
        ValueError, match="the number of open files must be a number above 0 to be compared, got 0"
    ):
        asyncio.run(lesson.compare(lambda: (1, 40), lambda: (1, 0), **given))


def test_compare_stops_at_different_answers(lesson, capsys):
    assert asyncio.run(lesson.compare(triple, lambda value: value, 7)) is None
    assert "does not return what `triple` returns" in capsys.readouterr().out
    assert history().compared is None


def test_compare_refuses_a_function_with_itself(lesson, capsys):
    names = {"as_merged": triple, "tripled": triple}
    exec("def before(value): return as_merged(value)\ndef after(value): return tripled(value)", names)
    assert asyncio.run(lesson.compare(names["before"], names["after"], 7)) is None
    assert "`as_merged` and `tripled` are the same function." in capsys.readouterr().out
    names["tripled"] = lambda value: 3 * value
    assert asyncio.run(lesson.compare(names["before"], names["after"], 7)) is not None
    names |= {"as_merged": np.zeros(2), "tripled": np.zeros(2)}
    exec("def before(): return len(as_merged)\ndef after(): return len(tripled)", names)
    assert asyncio.run(lesson.compare(names["before"], names["after"])) is not None
    assert asyncio.run(lesson.compare(triple, triple, 7)) is None
    assert "`triple` was given twice" in capsys.readouterr().out


@pytest.mark.parametrize("outcome", ["right", "not yet"])
def test_check_tells_shows_and_records_the_verdict(course, capsys, outcome):
    lesson = Lesson(STEM, _root=course, _checker=FakeChecker(outcome))
    verdict = lesson.check()
    assert verdict.outcome == outcome
    assert verdict.solved == history().solved == (outcome == "right")
    assert history().checks[0].message == "So it is."
    assert "save (Ctrl+S) and check again" in capsys.readouterr().out


def test_hints_climb_the_ladder_and_after_the_last_one_there_are_no_more(lesson, capsys):
    for _ in range(4):
        lesson.hint()
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["Hint 1 of 2. one", "Hint 2 of 2. two"]
    assert out[2] == out[3]
    assert out[2].startswith("No more hints. You have seen all 2.")
    assert history().hints == 2
    assert [event["rung"] for event in history().events] == [1, 2]


def test_the_solution_is_shown_as_a_difference_also_from_a_damaged_notebook(lesson, capsys):
    lesson.path.write_text("{")
    lesson.solution()
    assert "+ x = 1" in capsys.readouterr().out
    assert history().solution_seen


def test_reset_tells_where_the_edit_is_kept(lesson, capsys):
    lesson.path.write_text("an edit")
    lesson.reset()
    (copy,) = [path for path in lesson.path.parent.iterdir() if path != lesson.path]
    assert copy.read_text() == "an edit"
    assert copy.name in capsys.readouterr().out
    assert history().resets == 1


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def shown(panel):
    return " ".join(output["data"]["text/plain"] for output in panel._below.outputs)


def test_the_panel_checks_in_a_thread_and_can_be_stopped(lesson):
    checker = lesson._actions.checker
    checker.released.clear()
    panel = check_panel.Panel(lesson._actions)
    panel._widget()
    panel.check.click()
    wait_for(lambda: "Looking at the answers" in shown(panel))
    assert panel.check.disabled
    panel.stop.click()
    wait_for(lambda: "Stopped" in shown(panel))
    assert not panel.check.disabled
    assert panel.stop.disabled


def test_a_stop_that_comes_while_the_notebook_is_saved_is_not_lost(lesson, monkeypatch):
    saving, saved = threading.Event(), threading.Event()
    monkeypatch.setattr(lesson._actions.saver, "wait", lambda before: saving.set() or saved.wait(20))
    found = []
    thread = threading.Thread(target=lambda: found.extend(lesson._actions.check(None)))
    thread.start()
    assert saving.wait(20)
    lesson._actions.stop()
    lesson._actions.checker.outcome = "right"  # as the real checker forgets a stop when the next check begins
    saved.set()
    thread.join(20)
    assert found[0].outcome == "stopped"


def test_the_panel_asks_before_it_shows_the_solution(lesson):
    panel = check_panel.Panel(lesson._actions)
    panel._widget()
    panel.solution.click()
    assert not history().solution_seen
    _, yes, no = panel._question.children
    no.click()
    assert not panel._question.children
    yes.click()
    assert history().solution_seen


def test_what_is_missing_of_the_predictions_is_said(lesson, capsys):
    lesson.predict(calls="How many calls?", limit="What is the limit?", rest="And the rest?")
    lesson.lock_in(limit=2)
    assert "Still open: `calls`, `rest`." in capsys.readouterr().out
    lesson.lock_in(calls=2, rest=1)
    assert "Still open" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "facts",
    [
        {"calls": 6},
        lambda result: {"calls": result},
        lambda result, seen: {"calls": result if seen is None else 0},
        {"calls": lambda result, seen: result},
        {"calls": lambda result: result},
        {"calls": lambda result, _, name="calls": result},
        {"calls": lambda *_: 6},
        None,
    ],
)
def test_facts_may_be_given_plainly(lesson, capsys, facts):
    lesson.predict(total="How many seconds?", calls="How many calls?", unit={"total": "s", "calls": "calls"})
    lesson.lock_in(total=1, calls=2)
    run = (lambda: {"calls": 6, "other": "?"}) if facts is None else (lambda: 6)
    asyncio.run(lesson.run(run, facts=facts))
    out = capsys.readouterr().out
    assert "measured: 6 calls" in out
    assert "Predicted: 1.00 s; measured:" in out, "the time measured belongs to the first question"


def test_a_run_says_how_long_it_took_and_what_its_picture_is_to_show(lesson, capsys):
    predicted(lesson)
    shown = lambda result: f"picture of {result}"  # noqa: E731
    asyncio.run(lesson.run(triple, 2, picture=shown, point=lambda result: f"{result} is thrice 2.", facts={}))
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("`triple` took ")]
    assert lines.index("6 is thrice 2.") < lines.index("picture of 6")


def test_the_debrief_comes_after_the_first_right_answer(course, capsys):
    path = course / "solutions" / f"{STEM}.ipynb"
    notebook = json.loads(path.read_text())
    about = {"tags": ["debrief"], "kettle": {"of": "lesson"}}
    notebook["cells"].append({"cell_type": "markdown", "metadata": about, "source": "So it went."})
    path.write_text(json.dumps(notebook))
    lesson = Lesson(STEM, _root=course, _checker=FakeChecker("not yet"))
    lesson.debrief()
    lesson.check()
    assert "So it went." not in capsys.readouterr().out
    lesson._actions.checker.outcome = "right"
    lesson.check()
    assert "So it went." in capsys.readouterr().out
    lesson.debrief()
    assert "So it went." in capsys.readouterr().out
    panel = check_panel.Panel(lesson._actions)
    panel._widget()
    panel.check.click()
    wait_for(lambda: "So it went." in json.dumps(panel._below.outputs))


def test_another_code_than_was_judged_is_said_first(lesson, course, capsys, monkeypatch):
    cells = json.loads(lesson.path.read_text())
    cells["cells"][1]["id"] = "fix"
    lesson.path.write_text(json.dumps(cells))
    monkeypatch.setattr(executed, "_ran", {"fix": "x = 1\n"})
    lesson.check()
    assert "differs from the cell that you ran" not in capsys.readouterr().out
    executed._remember(types.SimpleNamespace(cell_id="fix", raw_cell="x = 2"))
    lesson.check()
    out = capsys.readouterr().out
    assert out.index("differs from the cell that you ran") < out.index("Right. So it is.")
    assert "If you changed it" not in out
    monkeypatch.setattr(lesson._actions.saver, "wait", lambda before: True)
    lesson.check()
    assert "save" not in capsys.readouterr().out


def test_a_lesson_that_is_not_there_is_not_pointed_to(lesson, course, capsys):
    lesson.see("15_y", "what happens when one call fails")
    assert capsys.readouterr().out == ""
    shutil.copy(lesson.path, course / "notebooks" / "15_y.ipynb")
    lesson.see("15_y", "what happens when one call fails")
    assert "Lesson 15, Fourteen (15_y.ipynb): what happens" in capsys.readouterr().out


def recall(text):
    return f'[[recall]]\ntext = "{text}"\nchoices = ["a", "b"]\nanswer = 0\nwhy = "why"\n'


def test_the_warm_up_asks_about_lessons_that_were_run(lesson, course, capsys):
    for stem, text in (("11_a", "About eleven?"), ("12_b", "About twelve?")):
        shutil.copy(lesson.path, course / "notebooks" / f"{stem}.ipynb")
        write_words(course, stem, recall(text))
    lesson.warm_up()
    assert "Nothing to ask yet" in capsys.readouterr().out
    Progress().record("exercises/11_a", "ran", seconds=1.0, fact=1.0)
    Progress().record("notebooks/12_b", "checked", outcome="not yet", message="")
    lesson.warm_up()
    out = capsys.readouterr().out
    assert "About eleven?" in out
    assert "About twelve?" not in out
    lesson.recall(1, "b")
    lesson.recall(1, "a")
    out = capsys.readouterr().out
    assert out.index("Not this time.") < out.index("Right.")
    assert history().recalled == {"About eleven?": False}


def test_the_warm_up_asks_again_what_was_missed_in_any_notebook(lesson, course, capsys):
    texts = [f"Question {number}?" for number in range(5)]
    shutil.copy(lesson.path, course / "notebooks" / "11_a.ipynb")
    write_words(course, "11_a", "".join(map(recall, texts)))
    Progress().record("notebooks/11_a", "ran", seconds=1.0, fact=1.0)
    lesson.warm_up()
    out = capsys.readouterr().out
    first = [text for text in texts if text in out]
    assert len(first) == 3
    for text in (first[0], first[1]):
        Progress().record("notebooks/12_b", "recalled", question=text, right=False)
    Progress().record("exercises/13_c", "recalled", question=first[1], right=True)
    lesson.warm_up()
    out = capsys.readouterr().out
    assert f"1. {first[0]}" in out
    assert first[1] not in out


def test_claims_are_voted_on_without_clicking(lesson, course, capsys):
    asyncio.run(lesson.vote("gather", "partly"))
    assert "Run the cell with the claims first." in capsys.readouterr().out
    claim = 'name = "gather"\nsaid = "It is faster."\ntruth = "partly"\nwhy = "Because."'
    write_words(course, STEM, f"[[claims]]\n{claim}\n")
    lesson.claims(gather=lambda: "twice.")
    assert "gather: “It is faster.”" in capsys.readouterr().out
    asyncio.run(lesson.vote("gather", "partly"))
    assert "It holds partly. Your vote was right. Because. Measured here: twice." in capsys.readouterr().out
    asyncio.run(lesson.vote("gather", "perhaps"))
    assert "The claims: `gather`." in capsys.readouterr().out
    assert history().votes == {"gather": "partly"}
    assert asyncio.run(lesson.measures()) == {"gather": "twice."}


def test_a_note_that_comes_after_the_verdict_is_added_where_the_verdict_still_stands(lesson):
    panel = check_panel.Panel(lesson._actions)
    panel._widget()
    panel.check.click()
    wait_for(lambda: not panel._checking)
    assert "Right" in shown(panel)
    assert "Twice as fast here." not in shown(panel)
    lesson._actions.checker.tell_later()
    assert "Twice as fast here." in shown(panel)
    panel.check.click()
    wait_for(lambda: not panel._checking)
    panel.hint.click()
    lesson._actions.checker.tell_later()
    assert "Hint" in shown(panel)
    assert "Twice as fast here." not in shown(panel)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps what was freed")
def test_what_a_run_has_freed_goes_back_to_the_system(lesson):
    kept = []

    def peak():
        pieces = [bytearray(2_000) for _ in range(50_000)]
        kept.append(bytearray(2_000))  # behind all of them: so the end of the heap stays in use
        return len(pieces)

    before = psutil.Process().memory_info().rss
    asyncio.run(predicted(lesson).run(peak, facts={}))
    assert kept
    assert psutil.Process().memory_info().rss - before < 50e6
