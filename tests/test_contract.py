"""The contract of each lesson: what its starter, its fixes and its tempting answers are told."""

import contract
import pytest
from contract import RIGHT, Answer, Run, answers_of, kept_answers, says
from whole_lesson import whole

from kettle.checking.runner.verdict import Verdict
from kettle.files import course

STEMS = [files.stem for files in course.lessons()]


def pytest_generate_tests(metafunc):
    if "answer" in metafunc.fixturenames:
        every = metafunc.config.option.every_answer
        answers = [answer for stem in STEMS for answer in answers_of(stem, every)]
        metafunc.parametrize("answer", answers, ids=str)


def test_an_answer_is_told_the_truth(answer: Answer, pytestconfig):
    verdict = whole(answer.stem, pytestconfig.option.every_answer).verdicts[answer]
    assert isinstance(verdict, Verdict), verdict
    if answer.role in RIGHT:
        assert verdict.solved, verdict
        return
    assert verdict.outcome == "not yet", verdict
    assert says(answer) in f"{verdict.raised}\n{verdict.message}", verdict
    if answer.role == "starter":
        assert verdict.findings[0].outcome == "passed", f"the starter must give the right answers: {verdict}"


@pytest.mark.every
@pytest.mark.parametrize("stem", STEMS)
def test_a_lesson_runs_from_top_to_bottom(stem):
    for folder, run in whole(stem).runs.items():
        assert run.code == 0, f"{folder}/{stem}.ipynb: {run.out[-3000:]}"


@pytest.mark.parametrize("stem", STEMS)
def test_a_lesson_has_right_and_tempting_answers(stem):
    answers = answers_of(stem)
    for kind in ("lesson", "exercise"):
        roles = [answer.role for answer in answers if answer.kind == kind]
        assert roles.count("fix") == 1, f"{stem}: one fix of the {kind}"
        assert roles.count("alternative") >= 1, f"{stem}: another right answer of the {kind}"
        assert roles.count("wrong") >= 2, f"{stem}: tempting wrong answers of the {kind}"
    assert all(answer.says for answer in answers if answer.role == "wrong"), (
        f"{stem}: every wrong answer says"
    )


def test_a_kept_answer_is_read(tmp_path):
    folder = tmp_path / STEMS[0] / "answers"
    folder.mkdir(parents=True)
    (folder / "exercise-wrong-too-early.py").write_text("# says: asked again\nx = 1\n", encoding="utf-8")
    (answer,) = kept_answers(folder)
    told = (answer.stem, answer.kind, answer.role, answer.name, answer.says)
    assert told == (STEMS[0], "exercise", "wrong", "too-early", "asked again")
    assert answer.source.endswith("x = 1\n")


def test_what_a_busy_machine_could_not_tell_is_judged_once_more(monkeypatch):
    first, second = answers_of(STEMS[0], every=False)[:2]
    asked: list = []

    def runs_of(answers, full, *options):
        asked.append((answers, options))
        outcome = "not yet" if len(asked) > 1 else "undecided"
        outcomes = {first: "right", second: outcome}
        return [Run(1, "", 1.0, Verdict(outcomes[answer], "")) for answer in answers]

    monkeypatch.setattr(contract, "_runs_of", runs_of)
    told = contract.judge([first, second])
    assert [verdict.outcome for verdict in told.values()] == ["right", "not yet"]
    assert asked == [([first, second], ("--kernelless=0",)), ([second], ("--at-once=1",))]
