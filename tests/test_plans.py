"""The teacher's plans take the cards' minutes and add up, and nobody sits for more than 90 minutes."""

import importlib.util
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from kettle.files.course import PATHS, ROOT, lessons

WORKSHOP = ROOT / "workshop"
BREAKS = ("*Break*", "*Lunch*")
NEEDED_BY_27 = {11, 14, 19}  # its card says so
ROW = re.compile(r"^\| (\d\d):(\d\d) \| (\d\d):(\d\d) \| (\d+) \| (.+) \|$", re.MULTILINE)
CARD = re.compile(r"\[(The exercise of )?(\d\d) .*\]\(\.\./(.+\.md)\)")
STEP = re.compile(r"^\| (\d\d):(\d\d) \| (\d+) \| (.+) \|$", re.MULTILINE)
CARD_STEP = re.compile(r"^\| (\d+) \| (.+) \((\d+)\) \|$", re.MULTILINE)


def load():
    spec = importlib.util.spec_from_file_location("make_plans", WORKSHOP / "make_plans.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # data classes look for their module there
    spec.loader.exec_module(module)
    return module


make_plans = load()
MADE = make_plans.everything()
PLANS = {name.removeprefix("plans/"): text for name, text in MADE.items() if name.startswith("plans/")}
DATA = make_plans.tomllib.loads(make_plans.SOURCE.read_text(encoding="utf-8"))


def days_of(text):
    """Read a plan's days, as a list of (start, end, minutes, what), from the page that teachers print."""
    days = []
    for part in re.split(r"^## ", text, flags=re.MULTILINE):
        rows = [
            (60 * int(a) + int(b), 60 * int(c) + int(d), int(m), w) for a, b, c, d, m, w in ROW.findall(part)
        ]
        days += [rows] if rows else []
    return days


def card_of(what):
    """Return (whether it is the exercise, the lesson's number, the card's text); None for a break."""
    found = CARD.fullmatch(what)
    return found and (bool(found[1]), int(found[2]), (WORKSHOP / found[3]).read_text(encoding="utf-8"))


def minutes_on(card):
    """Add up the steps of a card's table, each of which must begin where the one before it ends."""
    end = 0
    for start, _, minutes in CARD_STEP.findall(card):
        assert int(start) == end
        end += int(minutes)
    return end


def longest_sitting(day):
    """Return the most minutes without a break."""
    longest = sat = 0
    for _, _, minutes, what in day:
        sat = 0 if what in BREAKS else sat + minutes
        longest = max(longest, sat)
    return longest


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_what_the_cards_and_the_data_say(name):
    written = (WORKSHOP / name).read_text(encoding="utf-8")
    assert written == MADE[name], "run python3 workshop/make_plans.py"


def test_there_is_no_other_page_and_none_is_missing():
    assert {path.name for path in (WORKSHOP / "plans").glob("*.md")} == set(PLANS)
    assert len(PLANS) == 5


@pytest.mark.parametrize("name", PLANS)
def test_a_day_adds_up(name):
    for day in days_of(PLANS[name]):
        for start, end, minutes, what in day:
            assert end - start == minutes > 0, what
        assert [row[0] for row in day[1:]] == [row[1] for row in day[:-1]]


@pytest.mark.parametrize("name", PLANS)
def test_a_lesson_takes_the_minutes_of_its_card(name):
    taught = [(minutes, card_of(what)) for day in days_of(PLANS[name]) for _, _, minutes, what in day]
    for minutes, card in taught:
        if card and card[0]:
            assert re.search(rf"^## The exercise\n\n{minutes} minutes", card[2], re.MULTILINE)
        elif card:
            assert minutes_on(card[2]) == minutes, f"lesson {card[1]}"
    assert sum(card is not None for _, card in taught) >= 6


@pytest.mark.parametrize("name", PLANS)
def test_the_steps_stand_at_their_minutes(name):
    rows = [row for day in days_of(PLANS[name]) for row in day if (card := card_of(row[3])) and not card[0]]
    told = STEP.findall(PLANS[name])
    for start, _, _, what in rows:
        for at, words, minutes in CARD_STEP.findall(card_of(what)[2]):
            hour, minute, long, said = told.pop(0)
            assert (60 * int(hour) + int(minute), long, said) == (start + int(at), minutes, words)
    assert told == []


@pytest.mark.parametrize("name", PLANS)
def test_nobody_sits_for_more_than_ninety_minutes(name):
    assert all(longest_sitting(day) <= 90 for day in days_of(PLANS[name]))


def test_a_sitting_that_is_too_long_is_found():
    day = [(0, 60, 60, "Talk"), (60, 70, 10, "*Break*"), (70, 130, 60, "Talk"), (130, 165, 35, "Talk")]
    assert longest_sitting(day) == 95


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_follows_the_path_of_the_landing_page(name):
    plan = DATA[name.removesuffix(".md")]
    (path,) = [each for each in PATHS if each.name == plan["path"]]
    left_out = {int(number) for number in plan.get("skips", {})}
    rows = [row for day in days_of(PLANS[name]) for row in day]
    taught = [card[1] for row in rows if (card := card_of(row[3]))]
    assert taught == [number for number in path.numbers if number not in left_out]
    assert left_out <= set(path.numbers)
    if not left_out:
        assert sum(row[2] for row in rows if not card_of(row[3])) == path.beside
        assert sum(row[2] for row in rows) == path.beside + sum(
            each.minutes for each in lessons() if each.number in path.numbers
        )


@pytest.mark.parametrize("name", PLANS)
def test_what_goes_first_is_taught_that_day_and_not_needed_later(name):
    plan = DATA[name.removesuffix(".md")]
    for (gone, why), day in zip(plan["first_to_go"], plan["days"], strict=True):
        assert gone in day
        assert why.endswith(".")
        assert gone not in (NEEDED_BY_27 if 27 in day else ())


def test_lesson_27_says_what_it_takes_for_granted():
    (card,) = WORKSHOP.glob("27_*.md")
    named = re.search(
        r"lessons (\d+), (\d+) and (\d+) are taken for granted", card.read_text(encoding="utf-8")
    )
    assert {int(number) for number in named.groups()} == NEEDED_BY_27


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("77", "77 is neither a lesson that exists"),
        ('"exercise 77"', "'exercise 77' is neither"),
        ('"break"', "'break' is neither"),
        ('"exercise"', "'exercise' is neither"),
    ],
)
def test_data_that_means_nothing_is_told_in_a_sentence(tmp_path, entry, told):
    source = tmp_path / "plans.toml"
    source.write_text(f'[odd]\ntitle = "Odd"\nstart = "09:00"\ndays = [["welcome 5", {entry}]]\n')
    with pytest.raises(make_plans.BadPlan, match=f"The plan odd in plans.toml cannot be made: {told}"):
        make_plans.pages(source)
    source.write_text('[odd]\ntitle = "Odd"\n')
    with pytest.raises(make_plans.BadPlan, match="it has no 'days'"):
        make_plans.pages(source)


def test_an_exercise_without_minutes_is_told_in_a_sentence(tmp_path):
    card = tmp_path / "card.md"
    card.write_text("## The exercise\n\nA long one. The trap: 12 minutes are not enough.\n")
    with pytest.raises(make_plans.BadPlan, match="card of lesson 3 does not begin its exercise"):
        make_plans.exercise_minutes(SimpleNamespace(card=card, number=3))


def test_a_page_that_has_no_place_for_its_table_is_told_in_a_sentence():
    old = "<!-- a -->\nold\n<!-- end of a -->"
    assert make_plans.filled(old, "a", "new") == "<!-- a -->\n\nnew\n\n<!-- end of a -->"
    with pytest.raises(make_plans.BadPlan, match="no one place between <!-- a -->"):
        make_plans.filled("no comments", "a", "new")


def test_the_plans_can_be_made_without_the_set_up(tmp_path):
    """The workshop's folder is copied, and written by a Python that knows no installed package."""
    for folder in ("workshop", "notebooks", "kettle/files"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "kettle" / "__init__.py", tmp_path / "kettle")
    (tmp_path / "workshop" / "plans" / "one_day.md").unlink()
    source = tmp_path / "workshop" / "plans" / "plans.toml"
    command = [sys.executable, "-S", tmp_path / "workshop" / "make_plans.py"]
    subprocess.run(command, check=True)
    assert (tmp_path / "workshop/plans/one_day.md").read_text(encoding="utf-8") == PLANS["one_day.md"]
    source.write_text(source.read_text(encoding="utf-8").replace('"lunch 45"', '"lunch"'))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The plan one_day in plans.toml cannot be made: 'lunch' is neither")
