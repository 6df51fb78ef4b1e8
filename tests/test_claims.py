"""The fact check: votes, what is true, and what is measured; and that no claim gets lost."""

import asyncio

import pytest
from course_files import STEMS

from kettle.checking import DOES_NOT_HOLD, HOLDS, NOT_SHOWN, PARTLY, Claim
from kettle.lessons.ledger_claims import every_claim_of, ledger_of
from kettle.panels.claims import Votes, reply

GATHER = Claim("gather", "`gather` is always faster.", PARTLY, "It adds up <nothing>.", ("S2.13",))
THREADS = Claim("threads", "“It uses threads.”", DOES_NOT_HOLD, "One thread.", ("S2.14", "S2.15"))


def votes(told, **measures):
    return Votes((GATHER, THREADS), measures, {}, lambda event, **details: told.append((event, details)))


def test_a_vote_shows_the_truth_and_the_first_is_recorded():
    told, calls = [], []

    def measure():
        calls.append(1)
        return "2.2 times."

    async def main():
        asked = votes(told, gather=measure)
        first = await asked.vote("gather", "holds")
        again = await asked.vote("gather", "partly")
        return first.text, again.text, (await asked.vote("threads", "does not hold")).text

    first, again, other = asyncio.run(main())
    assert first == "It holds partly. You voted: holds. It adds up <nothing>. Measured here: 2.2 times."
    assert again.startswith("It holds partly. Your vote was right.")
    assert other == "It does not hold. Your vote was right. One thread."
    assert calls == [1]
    assert told == [
        ("voted", {"name": "gather", "vote": "holds", "right": False}),
        ("measured", {"name": "gather", "said": "2.2 times."}),
        ("voted", {"name": "threads", "vote": "does not hold", "right": True}),
    ]


def test_a_claim_may_be_one_that_nobody_has_shown():
    told = []
    curve = Claim("curve", "A pool has a knee at 20.", NOT_SHOWN, "No source measures it.")
    asked = Votes((curve,), {}, {}, lambda event, **details: told.append(details))
    asked.widget()
    buttons, below = asked._cards["curve"]
    assert [button.description for button in buttons] == [
        "Holds",
        "Partly",
        "Does not hold",
        "Nobody has shown it",
    ]
    buttons[-1].click()
    assert "Nobody has shown it.</b> Your vote was right. No source measures it." in below.value
    wrong = asyncio.run(asked.vote("curve", "does not hold")).text
    assert wrong == "Nobody has shown it. You voted: does not hold. No source measures it."
    assert told == [{"name": "curve", "vote": "nobody has shown it", "right": True}]
    assert "nobody has shown it" in asked.text()


def test_a_click_tells_at_once_and_measures_afterwards():
    release = asyncio.Event()

    async def measure():
        await release.wait()
        return "7 times."

    async def main():
        asked = votes([], gather=measure)
        asked.widget()
        (holds, partly, *_), below = asked._cards["gather"]
        holds.click()
        assert "measuring …" in below.value
        assert "&lt;nothing&gt;" in below.value
        assert holds.description.startswith("✗")
        assert partly.description.startswith("✓")
        partly.click()
        assert not holds.description.startswith("✗")
        release.set()
        for _ in range(200):
            await asyncio.sleep(0.01)
            if "measuring" not in below.value:
                break
        return below.value

    shown = asyncio.run(main())
    assert "Measured here: 7 times." in shown
    assert 'data-vote="partly"' in shown


def test_a_measure_that_fails_says_so_and_is_tried_again():
    async def main():
        asked = votes([], gather=lambda: 1 / 0)
        return [(await asked.vote("gather", "holds")).text for _ in range(2)]

    for text in asyncio.run(main()):
        assert text.endswith("It could not be measured: ZeroDivisionError: division by zero")


def test_the_measures_can_be_run_without_a_vote():
    async def in_turn():
        return "async"

    asked = votes([], gather=in_turn, threads=lambda: "plain")
    assert asyncio.run(asked.measures()) == {"gather": "async", "threads": "plain"}
    with pytest.raises(ZeroDivisionError):
        asyncio.run(votes([], gather=lambda: 1 / 0).measures())


def test_the_claims_as_text_do_not_tell_the_truth():
    text = votes([]).text()
    assert "gather: “`gather` is always faster.”" in text
    assert "threads: “It uses threads.”" in text
    assert "It adds up" not in text


def test_a_claim_is_named_in_code_and_has_one_of_the_truths():
    with pytest.raises(ValueError, match="no name"):
        Claim("two words", "", HOLDS, "")
    with pytest.raises(ValueError, match="not one of"):
        Claim("name", "", "true", "")
    with pytest.raises(ValueError, match="tuple"):
        Claim("name", "", HOLDS, "", "S2.13")
    with pytest.raises(ValueError, match="No claim of this lesson is called nobody"):
        votes([], nobody=print)


def test_the_answer_stands_in_words():
    assert 'class="wk-good">It holds.' in reply(Claim("a", "", HOLDS, "why"), "holds").html
    assert 'class="wk-bad">It does not hold.' in reply(Claim("a", "", DOES_NOT_HOLD, "why"), "holds").html


def test_the_ledger_is_found_by_the_lessons_name(tmp_path):
    claim = 'name = "a"\nsaid = "said"\ntruth = "holds"\nwhy = "why"\n'
    for stem, words in (
        ("14_x", f'[[ledger]]\n{claim}ids = ["S3.38"]\n[[claims]]\n{claim}ids = ["S2.13"]\n'),
        ("15_x", ""),
    ):
        (tmp_path / stem).mkdir()
        (tmp_path / stem / "words.toml").write_text(words)
        (tmp_path / stem / "claims.py").write_text('MEASURES = {"a": lambda: "here"}\n')
    assert ledger_of(tmp_path / "14_x")[0].measure() == "here"
    assert ledger_of(tmp_path / "15_x") == ()
    assert [each.ids for each in every_claim_of(tmp_path / "14_x")] == [("S2.13",), ("S3.38",)]


LEDGER = [pytest.param(claim, id=f"{stem[:2]}-{claim.name}") for stem in STEMS for claim in ledger_of(stem)]


@pytest.mark.every
@pytest.mark.parametrize("claim", LEDGER)
def test_what_waits_for_the_ledger_is_measured(claim):
    said = claim.measure()
    said = asyncio.run(said) if asyncio.iscoroutine(said) else said
    assert isinstance(said, str)
    assert said.endswith(".")
