"""The contract of each lesson: what its starter, its fixes and its tempting answers are told."""

import pytest
from contract import RIGHT, Answer, answers_of, kept_answers, run_forked, says, verdicts_of

from kettle.checking.runner.verdict import Verdict
from kettle.files import course

STEMS = [files.stem for files in course.lessons()]


def pytest_generate_tests(metafunc):
    if "answer" in metafunc.fixturenames:
        every = metafunc.config.option.every_answer
        answers = [answer for stem in STEMS for answer in answers_of(stem, every)]
        metafunc.parametrize("answer", answers, ids=str)


def test_an_answer_is_told_the_truth(answer: Answer, pytestconfig):
    verdict = verdicts_of(answer.stem, pytestconfig.option.every_answer)[answer]
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
    paths = [course.ROOT / folder / f"{stem}.ipynb" for folder in ("notebooks", "exercises", "solutions")]
    for path, run in zip(paths, run_forked(paths, "--full"), strict=True):
        assert run.code == 0, f"{path.parent.name}/{path.name}: {run.out[-3000:]}"


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
