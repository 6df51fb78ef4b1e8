"""The same answers: each condition that a caller relies on is compared, and named when it is broken."""

import asyncio
import gc
import json
import random
import threading
from dataclasses import dataclass, make_dataclass, replace

import aiohttp
import numpy as np
import pandas as pd
import pytest

from kettle.checking.checks import Undecided
from kettle.checking.equivalence import (
    Equivalence,
    Situation,
    fails,
    late,
    revised,
    shop_world,
    shuffled,
    with_another,
)
from kettle.checking.equivalence.difference import alike, difference
from kettle.checking.equivalence.merged import MergedMissing, merged_names
from kettle.checking.equivalence.sentences import short
from kettle.checking.equivalence.situations import empty
from kettle.files.course import ROOT
from kettle.shop import Shop

STOCK = {"KC-1": 3, "KC-2": 5}


def merged(names):
    return [{"name": name, "length": len(name)} for name in names]


def told(answer, *situations, was=merged, off=(), world=None, **options):
    """Return what an answer is told; None where it is alike."""
    try:
        Equivalence({"f": answer}, {"f": was}, off=off)(answer, world, situations, **options)
    except AssertionError as error:
        return str(error)


def given(names, **options):
    return Situation(f"{len(names)} names are given", lambda f, w: f(list(names)), **options)


def test_an_equal_answer_is_told_nothing():
    assert told(lambda names: [{"length": len(n), "name": n} for n in names], given(["ada", "bo"])) is None


def test_values_are_compared_and_the_part_is_named():
    said = told(lambda names: [{"name": n, "length": 3} for n in names], given(["ada", "bo"]))
    assert said == "When 2 names are given, `length` of entry 2: expected 2, got 3."


def test_a_lost_entry_is_counted():
    assert "expected 2 entries, got 1 entry" in told(lambda n: merged(n)[:-1], given(["ada", "bo"]))


def test_another_type_is_named():
    assert "expected a list, got a tuple" in told(lambda names: tuple(merged(names)), given(["ada"]))


@pytest.mark.parametrize("answer", [lambda names: merged(names)[::-1], lambda names: merged(sorted(names))])
def test_order_is_compared(answer):
    assert "in the wrong order" in told(answer, given(["cy", "bo", "ada"]))
    assert told(answer, given(["cy", "bo", "ada"]), off=["order"]) is None


def test_what_belongs_to_another_key_is_told_so():
    answers = {7: {"a": 1}, 9: {"b": 2}}
    swapped = {7: answers[9], 9: answers[7]}
    said = told(
        lambda: swapped, Situation("two are asked", lambda f, w: f()), was=lambda: answers, noun="supplier"
    )
    assert "supplier 7 holds what belongs to supplier 9" in said


def test_bytes_that_became_none_are_told_without_an_article():
    said = told(lambda: None, Situation("one is asked", lambda f, w: f()), was=lambda: b"one")
    assert "expected bytes, got None" in said


def test_bytes_that_belong_to_another_entry_are_told_so():
    said = told(
        lambda: [b"one", b"one"],
        Situation("two are asked", lambda f, w: f()),
        was=lambda: [b"one", b"two"],
    )
    assert "entry 2 holds what belongs to entry 1" in said


def raising(names):
    if "" in names:
        raise ValueError("a name is empty")
    return merged(names)


@pytest.mark.parametrize(
    ("hidden", "says"),
    [
        ([], "your code returns [], and the caller does not hear of the failure"),
        ([ValueError("x")], "your code puts it into entry 1, and the caller does not hear of the failure"),
    ],
)
def test_a_failure_has_to_stay_a_failure(hidden, says):
    def answer(names):
        return hidden if "" in names else merged(names)

    said = told(answer, given(["ada", ""]), was=raising)
    assert f"expected ValueError; {says}" in said
    assert told(answer, given(["ada", ""]), was=raising, off=["failures"]) is None


def test_a_failure_may_change_its_kind_unless_it_is_named():
    def answer(names):
        if "" in names:
            raise ExceptionGroup("both", [KeyError("x")])
        return merged(names)

    assert told(answer, given([""]), was=raising) is None
    said = told(answer, given([""], raises=ValueError), was=raising)
    assert "expected ValueError to reach the caller; your code raised KeyError" in said


def test_an_error_where_there_was_an_answer_is_explained():
    said = told(lambda names: asyncio.run_in_executor(None, merged, names), given(["ada"]))
    assert "expected a result; your code raised AttributeError" in said
    assert "It is a method of the loop" in said


def test_arguments_are_left_alone():
    def answer(names):
        return [merged([names.pop(0)])[0] for _ in range(len(names))]

    said = told(answer, given(["ada"]))
    assert "your code changes its argument: `names`: expected 1 entry, got 0 entries." in said
    assert told(answer, given(["ada"]), off=["arguments"]) is None


def test_arguments_are_left_alone_where_a_call_fails():
    def answer(names):
        return merged([names.pop(0) for _ in range(len(names))])

    said = told(answer, given(["ada", None]))
    assert (
        "When 2 names are given, your code changes its argument: `names`: expected 2 entries, got 0" in said
    )
    assert told(answer, given(["ada", None]), off=["arguments"]) is None
    assert told(answer, given(["ada", None]), was=answer) is None


def test_a_result_is_shared_with_nobody():
    handed_out = {}

    def answer(names):
        return handed_out.setdefault(tuple(names), merged(names))

    assert "all callers share one object" in told(answer, given(["ada"], again=True))
    handed_out.clear()
    assert told(answer, given(["ada"], again=True), off=["sharing"]) is None


def test_what_differs_the_next_time_is_not_called_shared():
    asked = []

    def answer(names):
        asked.append(names)
        return merged(names) if len(asked) == 1 else merged(["eve"])

    said = told(answer, given(["ada"], again=True))
    assert "share" not in said
    assert "eve" in said.lower()


def test_an_answer_is_not_written_into_by_the_next_call():
    board = []

    def answer(names):
        board[:] = merged(names)
        return board

    assert "both callers got the same object" in told(answer, given(["ada"], again=True))
    assert told(answer, given(["ada"], again=True), off=["sharing"]) is None


def test_an_answer_that_holds_parts_of_its_argument_does_not_change_it():
    rows = [[1], [2]]
    wrap = Situation("rows are wrapped", lambda f, w: f([list(row) for row in rows]), again=True)
    assert told(lambda rows: {"rows": rows}, wrap, was=lambda rows: {"rows": rows}) is None


@pytest.mark.parametrize("whole", [True, False])
def test_what_changed_between_two_calls_has_to_show(whole):
    stock, kept = {}, {}

    def world():
        stock.update(STOCK)
        return empty()

    def was():
        return {"levels": dict(stock), "kind": "stock"}

    def answer():
        return kept.setdefault("answer", was()) if whole else {**was(), **kept.setdefault("levels", was())}

    def sold(world):
        stock["KC-1"] -= 1

    sale = Situation("a tin is sold", lambda f, w: f(), between=sold)
    assert "Do not keep it from one call to the next" in told(answer, sale, was=was, world=world)
    kept.clear()
    assert told(answer, sale, was=was, world=world, off=["freshness"]) is None


def test_an_answer_of_an_earlier_situation_is_told_so():
    kept = []

    def answer(names):
        kept.append(merged(names))
        return kept[0]

    said = told(answer, given(["ada", "bo"]), given(["cy", "dee"]))
    assert said.startswith("When 2 names are given, ")
    assert "That was the answer to an earlier call" in said


def test_what_the_other_side_saw_is_compared_where_it_is_asked_for():
    asked = []

    def was(name):
        asked.append(name)
        return len(name)

    def answer(name):
        return (was(name), was(name))[0]

    def world():
        asked.clear()
        return empty()

    once = Situation("one is asked", lambda f, w: f("ada"), seen=lambda w: list(asked))
    with pytest.raises(AssertionError, match="the answer is right, and what it leaves behind is not"):
        Equivalence({"f": answer}, {"f": was}, off=())(answer, world, [once])


def test_a_situation_may_state_its_own_truth():
    situation = Situation("the names are tidied", lambda f, w: f([" ada "]), truth=lambda w: merged(["ada"]))
    assert told(lambda names: merged([name.strip() for name in names]), situation) is None
    assert "expected 'ada'" in told(merged, situation)


def test_the_lessons_own_words_come_first():
    wrong = Situation("one is given", lambda f, w: f(["ada"]), why={"length": "Count the letters."})
    assert told(lambda names: [{"name": n, "length": 0} for n in names], wrong).endswith("Count the letters.")


def test_the_merged_code_may_lack_a_name():
    with pytest.raises(LookupError, match="defines nothing like"):
        Equivalence({"g": merged}, {"f": merged})(merged, None, [])


# --- asynchronous


async def page(api, customer):
    async with api.get(f"/customers/{customer}/orders") as response:
        response.raise_for_status()
        return await response.json()


def test_words_on_an_error_are_not_those_on_a_part_that_is_called_so():
    asked = Situation("one is asked", lambda f, w: f(), why={"error": lambda error: f"Why {error}?"})
    said = told(lambda: {"error": 2}, asked, was=lambda: {"error": 1})
    assert said == "When one is asked, `error`: expected 1, got 2."


def told_of_shop(answer, *situations, was=page, off=(), **options):
    async def run():
        await Equivalence({"f": answer}, {"f": was}, off=off)(
            answer, shop_world(random.Random(1)), situations, **options
        )

    try:
        asyncio.run(run())
    except AssertionError as error:
        return str(error)


def orders(when="one page is asked for", **options):
    return Situation(when, lambda f, w: f(w.api, 1001), **options)


def test_two_worlds_of_one_seed_agree():
    assert told_of_shop(page, orders(), orders(prepare=late(0.01, "orders")), orders(between=revised)) is None


def test_a_shop_that_answers_otherwise_finds_what_is_kept():
    kept = {}

    async def answer(api, customer):
        if customer not in kept:
            kept[customer] = await page(api, customer)
        return list(kept[customer])

    said = told_of_shop(answer, orders("the orders change between two pages", between=revised))
    assert said.startswith("When the orders change between two pages, ")
    assert "Do not keep it" in said


def test_a_failing_call_finds_what_is_swallowed():
    async def answer(api, customer):
        try:
            return await page(api, customer)
        except Exception:  # noqa: BLE001
            return []

    down = orders("the orders are down", prepare=fails("/customers/1001/orders"))
    assert "expected ClientResponseError; your code returns []" in told_of_shop(answer, down)


def test_what_is_never_awaited_is_named():
    async def was(api, customer):
        return {"orders": await page(api, customer)}

    async def answer(api, customer):
        return {"orders": page(api, customer)}

    said = told_of_shop(answer, orders(), was=was)
    assert "`orders` is a coroutine, not its result. Calling an async function only makes a coroutine" in said


def test_tasks_that_run_on_are_counted():
    async def answer(api, customer):
        found = await page(api, customer)
        answer.task = asyncio.create_task(asyncio.sleep(0.2))
        return found

    assert "your code returns while 1 task of it still runs" in told_of_shop(answer, orders())
    assert told_of_shop(answer, orders(), off=["manners"]) is None


def test_a_session_that_nobody_closes_is_told():
    async def answer(api, customer):
        await page(aiohttp.ClientSession(str(api._base_url)), customer)
        return await page(api, customer)

    assert "leaves a client session open" in told_of_shop(answer, orders())
    assert told_of_shop(answer, orders(), off=["manners"]) is None


def test_a_session_that_a_failure_leaves_open_is_told():
    async def answer(api, customer):
        client = aiohttp.ClientSession(str(api._base_url))
        found = await page(client, customer)
        await client.close()
        return found

    down = orders("the orders are down", prepare=fails("/customers/1001/orders"))
    assert told_of_shop(answer, orders()) is None
    assert "leaves a client session open" in told_of_shop(answer, down)


def test_what_a_failure_leaves_is_looked_for_among_what_is_new_only():
    frozen = []

    async def answer(api, customer):
        frozen.append(gc.get_freeze_count())
        return await page(api, customer)

    down = orders("the orders are down", prepare=fails("/customers/1001/orders"))
    assert told_of_shop(answer, down) is None
    assert frozen
    assert all(count > gc.get_freeze_count() for count in frozen)


def test_one_object_in_two_places_is_told_so():
    def answer(names):
        box = {}
        return [box.update(entry) or box for entry in merged(names)]

    said = told(answer, given(["ada", "bo"]))
    assert "entry 1 and entry 2 are the same dict, not two" in said


IMPATIENT = """
import asyncio

async def answer(api, customer):
    try:
        async with asyncio.timeout(5):
            return await page(api, customer)
    except TimeoutError:
        return []
"""


def test_what_is_late_is_later_than_the_patience_of_some_seconds():
    names = {"page": page}
    exec(compile(IMPATIENT, "<ipython-input-1>", "exec"), names)
    slow = orders("the orders are late", prepare=late(0.15, "orders"))
    assert told_of_shop(names["answer"], slow) is None
    hurried = orders("the orders are late", prepare=late(0.15, "orders"), impatient=True)
    assert "expected 4 entries, got 0 entries" in told_of_shop(names["answer"], hurried)
    assert told_of_shop(page, hurried) is None


@pytest.mark.parametrize(("patience", "fails"), [(2, True), (None, False), (300, False)])
def test_a_clients_short_patience_is_hurried(patience, fails):
    async def answer(api, customer):
        timeout = aiohttp.ClientTimeout(total=patience)
        async with api.get(f"/customers/{customer}/orders", timeout=timeout) as response:
            return await response.json()

    said = told_of_shop(answer, orders("the orders are late", prepare=late(0.1, "orders"), impatient=True))
    assert bool(said) is fails
    assert not fails or "TimeoutError" in said


def test_orphans_of_a_failure_are_heard_out_and_do_not_complain():
    complaints = []

    async def both(api, customer):
        tasks = [asyncio.create_task(page(api, number)) for number in (customer, customer + 1)]
        return [await task for task in tasks]

    async def run():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        down = orders(prepare=fails("/customers/1001/orders", "/customers/1002/orders"))
        await Equivalence({"f": both}, {"f": both})(both, shop_world(random.Random(2)), [down])

    asyncio.run(run())
    assert complaints == []


def test_calls_that_wait_for_each_other_do_not_meet():
    async def run(function, off=()):
        with Shop(seed=3) as shop:
            shop.set(latency=0.0)
            async with shop.session() as api:
                calls = [function(api, number) for number in (1001, 1002)]
                equivalence = Equivalence({"f": function}, {"f": page}, off=off)
                return (await equivalence.together(shop, ["orders"] * 2, *calls, patience=0.3)).met

    async def locked(api, customer):
        async with lock:
            return await page(api, customer)

    lock = asyncio.Lock()
    assert asyncio.run(run(page))
    assert not asyncio.run(run(locked))
    lock = asyncio.Lock()
    assert asyncio.run(run(locked, off=["overlap"]))


def test_shuffled_answers_come_in_another_order():
    async def run():
        async with shop_world(random.Random(4))() as w:
            shuffled("stock")(w)
            async with w.shop.traffic() as traffic:
                await asyncio.gather(*(w.api.get(f"/suppliers/{n}/stock") for n in range(1, 9)))
        return [call.path for call in sorted(traffic.requests, key=lambda call: call.ended)]

    assert asyncio.run(run()) != [f"/suppliers/{n}/stock" for n in range(1, 9)]


# --- what is alike


@dataclass
class Line:
    sku: str


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.1 + 0.2, 0.3),
        (float("nan"), float("nan")),
        ([np.float64(2.0)], [2]),
        (np.array([1.0, np.nan]), np.array([1.0 + 1e-12, np.nan])),
        (pd.DataFrame({"a": [1.0, None]}), pd.DataFrame({"a": [1.0, None]})),
        (Line("a"), make_dataclass("Line", ["sku"])("a")),
        ({1: [{2}, (3,)]}, {1: [{2}, (3,)]}),
    ],
)
def test_alike(one, other):
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (1, 2, "value"),
        (1.0, 1j, "value"),
        (1, "1", "type"),
        ([1], (1,), "type"),
        (None, 0, "type"),
        ({"a": 1}, {}, "missing"),
        ({}, {"a": 1}, "extra"),
        ({1, 2}, {1}, "missing"),
        ([1, 2], [1], "count"),
        ([1, 2, 3], [3, 2, 1], "order"),
        ([1], [ValueError()], "exception"),
        (np.array([1, 2]), np.array([1, 3]), "value"),
        (np.zeros(2), np.zeros(3), "count"),
        (np.zeros(2), [0, 0], "type"),
        (np.array([1, 2]), np.array([1.0, 2.0]), "type"),
        (np.array([1, 2, 3]), np.array([2, 1, 3]), "order"),
        (3, np.array([3]), "type"),
        (pd.Series([1, 2], index=[4, 5]), pd.Series([1, 2]), "index"),
        (pd.Series([1, 2], index=[0, 1]), pd.Series([1, 2], index=[1, 0]), "order"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), "missing"),
        (Line("a"), make_dataclass("Line", ["sku"])("b"), "value"),
    ],
)
def test_not_alike(one, other, kind):
    assert difference(one, other).kind == kind


def test_a_number_of_numpy_is_a_number_and_a_column_may_have_another_name():
    assert alike(np.int64(3), 3)
    assert alike(3, np.int64(3))
    assert alike(pd.Series([1.0], name="stock"), pd.Series([1.0]))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: (np.zeros(2), 3), "totals: expected an array of dtype int64, got an array of dtype float64"),
        (
            lambda: (np.zeros(2, object), 3),
            "totals: expected an array of dtype int64, got an array of dtype object",
        ),
        (lambda: (np.array([2, 5]), 3), "total 1: expected 5, got 2"),
        (lambda: (np.array([7, 5]), 3), "totals has the right entries in the wrong order"),
        (lambda: (np.array([5, 7]), np.int64(4)), "gift: expected 3, got 4"),
    ],
)
def test_parts_of_arrays_are_named_by_the_lesson(answer, says):
    def part(path):
        return f"total {path[1] + 1}" if len(path) > 1 else ("totals", "gift")[path[0]]

    asked = Situation("two are asked", lambda f, w: f())
    said = told(answer, asked, was=lambda: (np.array([5, 7]), np.int64(3)), noun=part)
    assert says in said


def test_the_first_rows_of_another_index_are_shown():
    asked = Situation("a part is asked", lambda f, w: f())
    said = told(lambda: pd.Series([1, 2]), asked, was=lambda: pd.Series([1, 2], index=[40, 41]))
    assert said == "When a part is asked, expected the index 40, 41, got the index 0, 1."


def test_an_element_of_an_array_comes_with_the_whole_arrays():
    one, other = np.array([1.0, 2.0]), np.array([1.0, 3.0])
    assert difference(one, other).whole == (one, other)


def test_the_order_of_keys_counts_only_where_it_is_asked_for():
    assert alike({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert difference({"a": 1, "b": 2}, {"b": 2, "a": 1}, ordered_keys=True).kind == "order"


# --- the merged code


def test_merged_code_that_is_missing_is_said_so():
    with pytest.raises(MergedMissing, match="There is no solutions/"):
        merged_names(ROOT / "checks" / "99_nowhere", "lesson")


def test_a_data_class_of_the_merged_code_is_made_as_in_a_notebook(tmp_path):
    source = "from dataclasses import dataclass\n\n\n@dataclass\nclass Card:\n    name: str"
    about = {"tags": ["merged"], "kettle": {"of": "exercise"}}
    (tmp_path / "solutions").mkdir()
    answers = json.dumps({"cells": [{"cell_type": "code", "metadata": about, "source": source}]})
    (tmp_path / "solutions" / "99_cards.ipynb").write_text(answers, encoding="utf-8")
    names = merged_names(tmp_path / "checks" / "99_cards", "exercise")
    assert names["Card"]("tea").name == "tea"
    assert names["Card"].__annotations__ == {"name": str}


def test_a_situation_that_is_not_played_leaves_no_coroutine(recwarn):
    gc.collect()  # what other tests have left is not meant
    recwarn.clear()
    asked = [Situation(when, lambda f, w: f(["tea"])) for when in ("it is asked", "it is asked again")]
    assert told(lambda names: [], *asked) is not None
    gc.collect()
    assert not [str(each.message) for each in recwarn if "never awaited" in str(each.message)]


# --- two at once, made to meet


def both(f, w):
    return with_another(f, [{"name": "one"}, {"name": "two"}], lambda: f([{"name": "three"}]))


def upper(people):
    return [person["name"].upper() for person in people]


def told_of_two(answer):
    return told(answer, Situation("a second call begins", both), was=upper)


def test_calls_that_share_nothing_pass():
    assert told_of_two(lambda people: [person["name"].upper() for person in people]) is None


def test_calls_that_overlap_and_do_not_nest_show_what_nested_ones_hide():
    sheets = []

    def prints(person):
        sheets.append(mine := [])
        name = person["name"]
        sheets[-1].append(name)
        sheets.pop()
        return list(mine)

    one, two = {"name": "one"}, {"name": "two"}
    assert with_another(prints, one, lambda: prints(two)) == {"the first": ["one"], "the second": ["two"]}


def test_what_two_calls_share_shows_each_time():
    buffer = []

    def shares(people):
        buffer.clear()
        buffer.extend(person["name"].upper() for person in people)
        return list(buffer)

    assert "When a second call begins" in told_of_two(shares)


@pytest.fixture
def calm(monkeypatch):
    """Let the machine have had time for all: whether it had is Patience's to tell, and its tests'."""

    class Calm:
        starved = False

        def __init__(self, limit):
            self.more = lambda: 0.0

    monkeypatch.setattr("kettle.checking.equivalence.moments.Patience", Calm)


@pytest.mark.usefixtures("calm")
def test_a_call_that_waits_for_another_one_is_told():
    lock = threading.Lock()

    def one_at_a_time(people):
        with lock:
            return upper(people)

    assert "waits until the first one has ended" in told_of_two(one_at_a_time)


def test_a_call_that_a_busy_machine_keeps_from_ending_is_undecided(monkeypatch):
    class Starved:
        starved = True

        def __init__(self, limit):
            self.more = lambda: 0.0

    monkeypatch.setattr("kettle.checking.equivalence.moments.PATIENCE", 0.05)
    monkeypatch.setattr("kettle.checking.equivalence.moments.Patience", Starved)
    lock = threading.Lock()

    def one_at_a_time(people):
        with lock:
            return upper(people)

    with pytest.raises(Undecided, match="too busy to tell"):
        told_of_two(one_at_a_time)


@dataclass(frozen=True)
class Person:
    name: str


def both_persons(f, w):
    return with_another(f, [Person("one"), Person("two")], lambda: f([Person("three")]))


def test_reading_a_field_of_a_dataclass_is_a_moment_too():
    situation, buffer = Situation("a second call begins", both_persons), []

    def shares(people):
        buffer.clear()
        buffer.extend(person.name.upper() for person in people)
        return list(buffer)

    def sees_them_whole(people):
        assert len({*people, *(replace(each) for each in people)}) == len(people)
        return names_of(people)

    def names_of(people):
        return [person.name.upper() for person in people]

    assert "When a second call begins" in told(shares, situation, was=names_of)
    assert told(sees_them_whole, situation, was=names_of) is None


def test_a_long_value_is_cut_between_its_words():
    assert short({"owner": "A", "allow": ["shop", "A"], "burst": 10, "retries": 3}).endswith(" 'burst': 10,…")
    assert short("x" * 99) == "'" + "x" * 58 + "…"
    assert short("x" * 50) == "'" + "x" * 50 + "'"
