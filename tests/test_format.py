"""A lesson has its parts in their order, and what goes with them."""

import re

import pytest
from claim_ids import CLAIM_IDS
from course_files import NOTEBOOKS, STEMS, about, cells_of, read, source, tags

from kettle.checking import Claim, claims_of, hints_of, words_of
from kettle.files import course
from kettle.files.course import ROOT
from kettle.lessons.ledger_claims import every_claim_of

CORE = (
    *("Warm-up", "The ticket", "The mistake", "Predict", "Run it", "The cause", "The guided fix"),
    *("Compare", "Check my fix", "The one thing to remember"),
)
CURIOUS = ("In your own code", "When not to", "Fact check")
EXERCISE = ("The ticket", "The mistake", "Predict", "Run it", "Your fix", "Check my fix")
CARD = ("Afterwards", "Minutes", "Drop first", "Numbers to expect", "What people get wrong")
CARD += ("The final code", "Ask the room", "The exercise", "If a server does not start")
HEADING = re.compile(r"^(##+) +(.+?) *$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"\blessons? (\d\d?)\b", re.IGNORECASE)
NUMBERS = {stem[:2] for stem in STEMS}


def prose(cells):
    return "\n".join(FENCED.sub("", source(cell)) for cell in cells if cell["cell_type"] == "markdown")


def headings(cells, level):
    return [text for marks, text in HEADING.findall(prose(cells)) if len(marks) == level]


def split(cells):
    """Split a lesson's cells where the part for the curious begins."""
    begin = next(
        n for n, cell in enumerate(cells) if re.search("^## For the curious", source(cell), re.MULTILINE)
    )
    return cells[:begin], cells[begin:]


@pytest.mark.parametrize("stem", STEMS)
def test_the_parts_of_a_lesson_stand_in_their_order(stem):
    cells = cells_of("notebooks", stem)
    assert tuple(headings(cells, 2)) == (*CORE, "For the curious")
    assert tuple(headings(split(cells)[1], 3)) == CURIOUS


@pytest.mark.parametrize("stem", STEMS)
def test_the_parts_of_an_exercise_stand_in_their_order(stem):
    assert tuple(headings(cells_of("exercises", stem), 2)) == EXERCISE


@pytest.mark.parametrize("stem", STEMS)
def test_cells_for_the_curious_are_tagged_so_and_no_others(stem):
    core, curious = split(cells_of("notebooks", stem))
    assert [cell["id"] for cell in core if "curious" in tags(cell)] == []
    assert [cell["id"] for cell in curious if "curious" not in tags(cell)] == []


@pytest.mark.parametrize("stem", STEMS)
def test_a_lesson_has_one_guard_to_take_home(stem):
    guards = [cell for cell in cells_of("notebooks", stem) if "guard" in tags(cell)]
    assert [(cell["cell_type"], "curious" in tags(cell)) for cell in guards] == [("code", True)]
    assert re.search(r"^(async )?def test_|^@pytest|^ +(async )?def test_", source(guards[0]), re.MULTILINE)


def plumbing_without_a_word(cells):
    """Return the ids of collapsed cells that no prose stands before; one line may serve several in a row.

    A cell that only points to other lessons needs none: it may have nothing to show.
    """
    found, told = [], False
    for cell in cells:
        hidden = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
        points = all(line.startswith("lesson.see(") for line in source(cell).splitlines())
        if hidden and not told and not points:
            found.append(cell["id"])
        told = cell["cell_type"] == "markdown" or (hidden and told)
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_collapsed_plumbing_stands_under_a_line_of_prose(path):
    assert plumbing_without_a_word(read(path)["cells"]) == []


def test_a_collapsed_cell_after_code_is_found():
    hidden = {"id": "pipes", "cell_type": "code", "source": "x = 1"}
    hidden["metadata"] = {"jupyter": {"source_hidden": True}}
    code = {"id": "code", "cell_type": "code", "source": "y = 1", "metadata": {}}
    text = {"id": "text", "cell_type": "markdown", "source": "Why.", "metadata": {}}
    assert plumbing_without_a_word([text, hidden, code, hidden]) == ["pipes"]
    assert plumbing_without_a_word([code, text, hidden, hidden]) == []
    assert plumbing_without_a_word([code, hidden]) == ["pipes"]
    assert plumbing_without_a_word([code, {**hidden, "source": 'lesson.see("15_x", "more")'}]) == []


@pytest.mark.parametrize("kind", ["lesson", "exercise"])
@pytest.mark.parametrize("stem", STEMS)
def test_the_merged_code_has_a_home_that_nobody_edits(stem, kind):
    merged = [
        source(cell) for cell in cells_of("solutions", stem) if "merged" in tags(cell) and about(cell) == kind
    ]
    starter = cells_of({"lesson": "notebooks", "exercise": "exercises"}[kind], stem)
    code = [source(cell) for cell in starter if cell["cell_type"] == "code"]
    fix = [source(cell) for cell in starter if "fix" in tags(cell)]
    assert [each for each in merged if each not in code] == []
    assert merged[-1:] == fix


@pytest.mark.parametrize("stem", STEMS)
def test_an_exercise_has_a_debrief(stem):
    debriefs = [cell for cell in cells_of("solutions", stem) if "debrief" in tags(cell)]
    assert {cell["cell_type"] for cell in debriefs} == {"markdown"}
    assert "exercise" in [about(cell) for cell in debriefs]
    assert {about(cell) for cell in debriefs} <= {"lesson", "exercise"}


@pytest.mark.parametrize("stem", STEMS)
def test_a_right_answer_is_told_what_is_gone(stem):
    for said in (words_of(stem).of(kind).gone for kind in ("lesson", "exercise")):
        assert said.endswith(".")
        assert len(said) > 20


@pytest.mark.parametrize("stem", STEMS)
def test_at_most_four_claims_are_voted_on(stem):
    claims = claims_of(stem)
    assert 1 <= len(claims) <= 4
    assert all(isinstance(claim, Claim) and claim.measure is None for claim in claims)
    assert len({claim.name for claim in claims}) == len(claims)
    asked = [source(cell) for cell in cells_of("notebooks", stem) if "lesson.claims(" in source(cell)]
    assert len(asked) == 1
    assert len(words_of(stem).guess) == 1


@pytest.mark.parametrize("stem", STEMS)
def test_no_claim_gets_lost(stem):
    answered = {each for claim in every_claim_of(stem) for each in claim.ids}
    assert sorted(set(CLAIM_IDS[stem].split()) - answered) == []


def test_the_table_of_ids_has_every_claim():
    known = {f"S{s}.{n}" for s, most in ((1, 20), (2, 35), (3, 79), (4, 23)) for n in range(1, most + 1)}
    assert {each for ids in CLAIM_IDS.values() for each in ids.split()} == known
    assert set(STEMS) <= set(CLAIM_IDS)


def promised(text, numbers=NUMBERS):
    """Return the numbers of lessons that a text names and this copy of the course does not have."""
    return [number for number in NAMED.findall(text) if number.zfill(2) not in numbers]


@pytest.mark.parametrize("stem", STEMS)
def test_no_lesson_is_promised_that_is_not_there(stem):
    texts = {folder: prose(cells_of(folder, stem)) for folder in ("notebooks", "exercises", "solutions")}
    texts["hints"] = "\n".join((*hints_of(stem, "lesson"), *hints_of(stem, "exercise")))
    assert {place: promised(text) for place, text in texts.items() if promised(text)} == {}


def test_a_promise_is_found():
    assert promised("as in Lesson 15, lesson 9, lesson 07 and lesson 7", {"07"}) == ["15", "9"]


def faults_of_card(text):
    """Return what is wrong with a teacher's card."""
    found = [text for marks, text in HEADING.findall(text) if len(marks) == 2]
    lines = text.count("\n")
    return [
        *([f"its headings are {found}"] if tuple(found) != CARD else []),
        *([f"{lines} lines are more than two screens"] if lines > 85 else []),
    ]


@pytest.mark.parametrize("stem", STEMS)
def test_a_lesson_has_a_card_for_the_teacher(stem):
    assert faults_of_card((ROOT / "workshop" / f"{stem}.md").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("stem", STEMS)
def test_a_lesson_says_how_long_it_takes_as_its_card_does(stem):
    first, minutes = source(cells_of("notebooks", stem)[0]), course.lesson(stem).minutes
    assert minutes <= 25
    assert "· 25 minutes, and more" in first


def test_a_card_that_is_too_long_or_lacks_a_heading_is_found():
    card = "# 14\n" + "".join(f"\n## {heading}\n\nText.\n" for heading in CARD)
    assert faults_of_card(card) == []
    assert len(faults_of_card(card.replace("Drop first", "Drop") + "\n" * 80)) == 2
