"""Right answers that break one condition are rejected, or words.toml says why it means nothing."""

import pytest
from mutants import CONDITIONS, SITUATIONAL, UNCHANGED, Mutant, excuses, judge_mutants, mutants_of
from whole_lesson import whole

from kettle.checking import words_of
from kettle.checking.runner.verdict import Verdict
from kettle.files import course

STEMS = [files.stem for files in course.lessons()]
KINDS = ("lesson", "exercise")


CASES = [
    pytest.param(stem, kind, condition, id=f"{stem[:2]}-{kind}-{condition}")
    for stem in STEMS
    for kind in KINDS
    for condition in dict.fromkeys(m.condition for m in mutants_of(stem) if m.of.kind == kind)
]


@pytest.mark.every
@pytest.mark.parametrize(("stem", "kind", "condition"), CASES)
def test_a_mutant_is_rejected_or_excused(stem, kind, condition):
    judged = whole(stem).mutants
    mutants = [t for t in judged if (t.mutant.of.kind, t.mutant.condition) == (kind, condition)]
    lost = [f"{t.mutant}: {t.verdict}" for t in mutants if not isinstance(t.verdict, Verdict)]
    assert not lost, lost
    if condition == UNCHANGED:
        refused = [f"{t.mutant}: {t.verdict}" for t in mutants if not t.verdict.solved]
        assert not refused, f"A wrapper alone changes the verdict, so the others mean nothing: {refused}"
        return
    survivors = [str(t.mutant) for t in mutants if t.survives]
    changed = any(t.changed for t in mutants)
    if condition in excuses(stem, kind):
        assert survivors or not changed, f"Each mutant is rejected: `{condition}` need not be excused."
        return
    if not changed and condition not in SITUATIONAL:
        pytest.skip(f"`{condition}` means nothing here: what goes in and out has nothing of the kind")
    assert changed, (
        f"The mutants of `{condition}` had nothing to change: no situation tries it. "
        "If it means nothing here, say why under `excused` in words.toml."
    )
    assert not survivors, f"Passed, though {CONDITIONS[condition][0]}: {survivors}"


@pytest.mark.parametrize("stem", STEMS)
def test_every_notebook_has_mutants(stem):
    assert {mutant.of.kind for mutant in mutants_of(stem)} == set(KINDS)


@pytest.mark.parametrize("stem", STEMS)
def test_excuses_name_conditions_and_say_why(stem):
    for name in KINDS:
        for condition, why in words_of(stem).of(name).excused.items():
            assert condition in CONDITIONS, f"{stem}: {name} names {condition}, which is no condition"
            assert len(why.split()) > 3, f"{stem}: {name} says in a line why {condition} means nothing"
            assert "\n" not in why, f"{stem}: {name} says in one line why {condition} means nothing"


MODEL = "14_one_await_at_a_time"
# A lost element shows in every comparison of answers, so these are switched off together.
VALUES = "values,order,sharing,freshness"


@pytest.mark.every
def test_where_a_condition_is_not_compared_its_mutants_pass():
    excused = {(kind, condition) for kind in KINDS for condition in excuses(MODEL, kind)}
    mutants = tuple(
        mutant for mutant in mutants_of(MODEL) if (mutant.of.kind, mutant.condition) not in excused
    )
    without = {condition: condition for condition in CONDITIONS} | {"values": VALUES, "order": VALUES}
    for found in judge_mutants(mutants, without):
        assert isinstance(found.verdict, Verdict), found.verdict
        assert found.verdict.solved, f"{found.mutant} is rejected by something else: {found.verdict}"


@pytest.mark.every
def test_a_mutant_says_whether_it_changed_anything():
    answer = next(m.of for m in mutants_of(MODEL) if m.of.kind == "exercise")
    mutants = tuple(Mutant(answer, "stock_board", condition, True) for condition in ("values", "failures"))
    lost, swallowed = judge_mutants(mutants)
    assert lost.changed
    assert not lost.survives
    assert swallowed.changed
