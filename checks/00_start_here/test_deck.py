"""The decks: each card can be answered, does not name its mistake, and comes again if it was missed."""

import re

import nbformat
import pytest
from course_files import read
from nbclient import NotebookClient

from kettle.files.course import PARTS, ROOT, lesson, lessons
from kettle.files.progress import Progress
from kettle.files.words import read_words
from kettle.lessons import deck_panel
from kettle.lessons.deck import CHOICES, FILE, GAP, answers, cards, lessons_done, mistake_of, next_card, parts
from kettle.lessons.deck_cards import draw, reply
from kettle.lessons.deck_panel import Deck
from kettle.panels.warm_up import choose

CARDS = [card for part in PARTS for card in cards(part)]
C = next(part for part in PARTS if part.letter == "C")
MOST = 60_000  # characters of a picture
MOST_OF_ALL = 2_500_000


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path)


@pytest.fixture
def deck(progress):
    return Deck(progress)


def letter(deck, *, right):
    wrong = (deck.card.answer + 1) % CHOICES
    return "abcd"[deck.card.answer if right else wrong]


def test_parts_a_to_d_have_ten_cards_and_each_lesson_of_a_part_has_one():
    assert [part.letter for part in parts()][:4] == list("ABCD")
    assert all(len(cards(part)) >= 10 for part in PARTS[:4])
    assert {card.lesson.number for card in CARDS} >= {each.number for each in lessons() if each.number < 24}


def test_each_entry_has_its_picture_and_each_picture_its_entry():
    for each in lessons():
        wanted = [entry["picture"] for entry in read_words(each.checks).deck]
        path = each.checks / FILE
        assert list(read(path) if path.exists() else []) == wanted, f"record {each.stem} again"


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_can_be_answered(card):
    assert card.text.strip()
    assert card.why.endswith(".")
    assert len(card.choices) == len(set(map(mistake_of, card.choices))) == CHOICES
    assert card.choices.count(card.lesson) == 1
    assert card.choices[card.answer] == card.lesson
    kind, cell = card.picture.split("/")[:2] if "/" in card.picture else ("lesson", "run-it")
    notebook = nbformat.read(card.lesson.path(kind), as_version=4)
    assert cell in {each.id for each in notebook.cells}


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_does_not_name_its_mistake(card):
    shown = re.sub(r"\s+", " ", f"{card.shows} {card.text} {re.sub('<[^>]+>', ' ', card.html)}").lower()
    slug = card.lesson.stem[3:].replace("_", " ")
    for name in (card.lesson.title, card.lesson.cause, slug):
        assert name.lower() not in shown
    assert "kp-point" not in card.html
    assert "kp-title" not in card.html
    assert "-desc" not in card.html
    assert "<details>" not in card.html


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_picture_is_small_safe_and_belongs_to_no_machine(card):
    assert len(card.html) + len(card.text) < MOST
    assert not re.search(r"<script|/home/|/work/|/tmp/ipykernel|\x1b", card.html + card.text)


def test_all_pictures_together_are_small():
    assert sum(path.stat().st_size for path in ROOT.glob(f"checks/*/{FILE}")) < MOST_OF_ALL


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_picture_has_its_caption_and_its_words(card):
    drawn = draw(card)
    assert drawn.text.startswith(card.shows)
    assert card.text in drawn.text
    assert "<figcaption" in drawn.html
    assert "></figcaption>" not in drawn.html
    if card.html:
        (label,) = set(re.findall(r'<svg[^>]* aria-labelledby="([^"]+)"', card.html)) or {""}
        assert not label or f'<figcaption id="{label}">' in drawn.html
        assert "The picture in words" in drawn.html


def names(*found):
    """Return the names of cards, where each is one."""
    return [card.name for card in found if card is not None]


def test_missed_cards_come_before_new_ones_after_two_others():
    deck = cards(C)
    missed, *others = names(*deck)
    answered = {missed: False}
    assert names(next_card(deck, answered)) == [missed]
    assert names(next_card(deck, answered, recent=[missed])) == others[:1]
    answered[others[0]] = True
    assert names(next_card(deck, answered, recent=[missed, others[0]])) == others[1:2]
    answered[others[1]] = True
    assert names(next_card(deck, answered, recent=[missed, *others[:GAP]])) == [missed]


def test_a_missed_card_comes_at_once_where_no_other_is_left():
    deck = cards(C)
    answered = {card.name: True for card in deck} | {deck[3].name: False}
    assert next_card(deck, answered, recent=[deck[3].name]) == deck[3]


def test_what_was_recognised_comes_only_when_it_is_asked_for():
    deck = cards(C)
    answered = {card.name: True for card in reversed(deck)}
    assert next_card(deck, answered) is None
    assert next_card(deck, answered, again=True) == deck[-1]


def test_cards_of_lessons_that_were_done_come_first():
    last = cards(C)[-1]
    first = next(card for card in cards(C) if card.lesson == last.lesson)
    assert next_card(cards(C), {}, done={last.lesson.stem}) == first


def test_the_next_session_begins_with_what_was_missed(deck, progress):
    deck.part("C")
    deck.answer(letter(deck, right=False))
    (missed,) = answers(progress)
    deck.next()
    deck.answer(letter(deck, right=True))
    later = Deck(Progress(progress.folder))
    said = later.part("C")
    assert names(later.card) == [missed]
    assert "You missed this card before." in said.text
    later.answer(letter(later, right=True))
    later.next()
    assert names(later.card) != [missed]
    assert answers(progress)[missed] is True


def test_the_first_answer_counts_and_each_gets_its_reply(deck, progress):
    deck.part("C")
    name, right = deck.card.name, letter(deck, right=True)
    assert deck.answer(letter(deck, right=False)).text.startswith("Not this time.")
    assert deck.answer(right).text.startswith("Right.")
    assert answers(progress) == {name: False}


def test_a_reply_says_what_to_look_for_and_links_the_lesson():
    card = CARDS[0]
    for index in range(CHOICES):
        said = reply(card, index)
        assert card.why in said.text
        (link,) = re.findall(r'href="([^"]+)"', said.html)
        assert (ROOT / "notebooks" / link).is_file()
        assert said.text.startswith("Right." if index == card.answer else "Not this time.")
        assert (mistake_of(card.lesson) in said.text) is (index != card.answer)


def test_a_whole_deck_can_be_recognised_and_begun_again(deck):
    deck.part("E")
    for _ in cards(PARTS[4]):
        deck.answer(letter(deck, right=True))
        said = deck.next()
    assert "You have recognised every card." in said.text
    deck.next()
    assert deck.card == cards(PARTS[4])[0]
    deck.answer(letter(deck, right=False))
    assert "1 to repeat" in deck.overview().text


def test_the_parts_with_lessons_done_are_offered_first(deck, progress):
    assert deck.overview().text.splitlines()[1].startswith("A. ")
    progress.record(lesson("14_one_await_at_a_time").notebook_id("exercise"), "solved")
    first = deck.overview().text.splitlines()[1]
    assert first == f"C. The event loop (0 of {len(cards(C))} recognised)"


def test_whatever_is_typed_gets_a_sentence(deck):
    for said in (deck.answer("a"), deck.next(), deck.part("Z"), deck.part(""), deck.answer("x")):
        assert "part C" in said.text or "Choose a part" in said.text
    deck.part("c")
    assert "deck.answer('b')" in deck.answer("7").text


def test_answers_to_cards_disturb_neither_warm_ups_nor_the_map(deck, progress):
    deck.part("C")
    deck.answer(letter(deck, right=False))
    known = answers(progress)
    missed = read_words(ROOT / "checks" / "12_cpu_on_the_loop").recall[0].text
    done = ["11_sync_client_in_async", "12_cpu_on_the_loop", "13_hidden_blockers"]
    plain = choose("14_one_await_at_a_time", done, {missed: False})
    assert choose("14_one_await_at_a_time", done, known | {missed: False}) == plain
    assert plain[0][1].text == missed
    history = progress.of(progress.notebooks()[0])
    assert not history.runs
    assert not history.solved
    assert not lessons_done(progress)


@pytest.fixture
def screen(deck, monkeypatch):
    monkeypatch.setattr(deck_panel, "show", lambda widget, text: None)
    deck.show()
    return deck.screen


def test_a_card_is_answered_by_clicking(deck, screen, progress):
    assert screen.parts["C"].description.startswith("C. The event loop: 0 of ")
    screen.parts["C"].click()
    card = deck.card
    assert draw(card).html in screen.above.value
    assert screen.heading.value == deck.heading(card)
    assert [each.description for each in screen.choices] == [
        mistake_of(each).replace("`", "") for each in card.choices
    ]
    screen.choices[card.answer].click()
    assert screen.choices[card.answer].description.startswith("✓ ")
    assert card.why.partition("`")[0] in screen.below.value.replace("&#x27;", "'")
    assert screen.parts["C"].description.startswith("C. The event loop: 1 of ")
    screen.next.click()
    assert deck.card != card
    assert not any(each.description.startswith("✓") for each in screen.choices)
    assert not screen.below.value


def test_the_page_runs_without_a_front_end(tmp_path, monkeypatch):
    monkeypatch.setenv("KETTLE_PROGRESS", str(tmp_path))
    page = nbformat.read(ROOT / "notebooks" / "98_decks.ipynb", as_version=4)
    page.cells.append(nbformat.v4.new_code_cell("deck.part('D')"))
    page.cells.append(nbformat.v4.new_code_cell("deck.answer('a')"))
    NotebookClient(page, timeout=60, kernel_name="python3").execute(cwd=str(ROOT / "notebooks"))
    *_, offered, shown, said = [
        cell.outputs[0].data["text/plain"] for cell in page.cells if cell.get("outputs")
    ]
    assert "C. The event loop" in offered
    assert "Which mistake is this?" in shown
    assert "What to look for:" in said


def test_a_deck_that_was_recognised_is_begun_again_by_clicking(deck, screen):
    screen.parts["E"].click()
    for _ in cards(PARTS[4]):
        screen.choices[deck.card.answer].click()
        screen.next.click()
    assert "You have recognised every card." in screen.above.value
    assert screen.next.description == "Start again"
    screen.next.click()
    assert screen.next.description == "Next card"
    assert draw(deck.card).html in screen.above.value
