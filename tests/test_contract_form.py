"""A contract finds what is wrong in each of its cases and causes, says so, and lets right answers pass."""

import asyncio
import random
from contextlib import asynccontextmanager, contextmanager, suppress
from types import SimpleNamespace

import pytest
from made_contracts import NAMES, contract, lengths, told

from kettle.checking import Case, worlds
from kettle.checking.checks import Check
from kettle.checking.runner.judge import judge
from kettle.checking.worlds import World
from kettle.database import open_database
from kettle.files.words import NotebookWords
from kettle.probes.engines.own_thread import OwnThread
from kettle.shop import Shop


async def async_lengths(names):
    await asyncio.sleep(0)
    return lengths(names)


# --- cases


@pytest.mark.parametrize("merged", [lengths, async_lengths], ids=["plain", "asynchronous"])
def test_right_answers_pass_and_a_wrong_one_is_told_the_first_case_that_shows_it(merged):
    cases = {"two names are given": Case(list(NAMES)), "a name is empty": Case(["", "ada"])}
    made = contract(cases=cases)

    def fast_but_wrong(names):
        return {name: len(name) for name in names if name}

    async def async_but_wrong(names):
        return fast_but_wrong(names)

    wrong = async_but_wrong if merged is async_lengths else fast_but_wrong
    assert told(made, merged, merged) is None
    assert told(made, wrong, merged) == "When a name is empty, `` is missing."
    one = contract(cases={"two names are given": cases["two names are given"]})
    assert told(one, wrong, merged) is None


def test_an_asynchronous_function_in_the_place_of_a_plain_one_is_told():
    said = "When two names are given, expected a result, got a coroutine: write `def`, not `async def`."
    assert told(contract(), async_lengths) == said


def test_a_plain_function_in_the_place_of_an_asynchronous_one_is_told():
    def hands_on(names):
        return async_lengths(names)

    said = "When two names are given, expected a coroutine, got a dict: write `async def`"
    assert told(contract(), lengths, async_lengths).startswith(said)
    assert told(contract(), hands_on, async_lengths) is None


def test_a_contract_and_a_case_may_call_in_their_own_way():
    first = Case("ada", "bo")
    made = contract(
        cases={
            "names are given apart": first,
            "they are given as a tuple": Case(call=lambda f, w: f(NAMES)),
        },
        call=lambda f, w, *names: f(list(names)),
    )

    def lists_only(names):
        return lengths(names) if isinstance(names, list) else {}

    assert told(made, lengths) is None
    assert told(made, lists_only) == "When they are given as a tuple, `ada` is missing."
    assert [each.when for each in made.situations()] == [*made.cases, "the same call is made again"]
    assert first.args == ("ada", "bo")


def test_a_case_that_cannot_be_called_is_the_contracts_own_fault():
    made = contract(call=lambda f, w: f(["ada"]))
    with pytest.raises(TypeError, match="takes 2 positional arguments but 3 were given"):
        told(made, lengths)


def remembers():
    kept = {}
    return lambda names: kept.setdefault(tuple(names), lengths(names))


def test_the_first_case_is_played_again_unless_told_otherwise():
    said = told(contract(), remembers())
    assert said.startswith("When the same call is made again, ")
    assert "all callers share one object" in said
    assert told(contract(again=False), remembers()) is None
    own = contract(again=False, cases={"it is asked twice": Case(list(NAMES), again=True)})
    assert told(own, remembers()).startswith("When it is asked twice, ")


@contextmanager
def _till():
    yield SimpleNamespace(sold=list(NAMES), broken="")


def _break(w, thing):
    w.broken = thing


TILL = World((), lambda: _till, failed="the {} breaks", fail=_break)


def sold(w):
    if w.broken:
        raise OSError(f"{w.broken} is broken")
    return lengths(w.sold)


PLAIN = {"it is asked": Case()}


def a_till(**options):
    return contract(world=TILL, **{"cases": PLAIN, "call": lambda f, w: f(w), **options})


def test_between_changes_the_world_and_the_second_answer_counts():
    def sells(w):
        w.sold.append("cy")

    made = a_till(cases={"one more is sold": Case(between=sells)}, again=False)
    kept = []

    def answer(w):
        kept.append(sold(w))
        return kept[0]

    assert told(made, sold, sold) is None
    assert told(made, answer, sold).startswith("When one more is sold, `cy` is missing. That was the answer")


def test_what_prepares_a_case_comes_before_its_call():
    made = a_till(cases={"nobody has bought": Case(prepare=lambda w: w.sold.clear())})
    assert told(made, sold, sold) is None
    assert told(made, lambda w: lengths(NAMES), sold).startswith("When nobody has bought, `ada` should not")


@pytest.mark.parametrize("number", [2, 3, 4])
def test_calls_at_once_do_not_disturb_each_other(number):
    board = {}

    async def shares(names):
        board.clear()
        await asyncio.sleep(0)
        board.update(lengths(names))
        await asyncio.sleep(0)
        return dict(board)

    calls = [([name],) for name in ("ada", "bo", "cy", "dee")[:number]]
    made = contract(at_once=calls)
    assert told(made, async_lengths, async_lengths) is None
    when = {2: "two", 3: "three", 4: "4"}[number]
    assert told(made, shares, async_lengths).startswith(f"When {when} calls are made at once, ")
    assert told(contract(), shares, async_lengths) is None


def test_plain_functions_are_called_at_once_in_threads():
    here = []

    def answer(names):
        here.append(names)
        while here.count(names) == len(here) and len(names) == 1:
            pass  # until the other one is there
        return lengths(names)

    assert told(contract(at_once=[(["ada"],), (["bo"],)]), answer) is None
    assert ["bo"] in here


@pytest.mark.parametrize(
    ("fails", "when"),
    [(["drawer"], "the drawer breaks"), ({"lid": "drawer"}, "the lid breaks")],
    ids=["list", "mapping"],
)
def test_what_fails_fails_in_the_first_case(fails, when):
    def swallows(w):
        return {} if w.broken == "drawer" else sold(w)

    made = a_till(fails=fails)
    assert told(made, sold, sold) is None
    assert told(a_till(), swallows, sold) is None
    said = told(made, swallows, sold)
    assert said.startswith(f"When {when}, expected OSError; your code returns {{}}")


def test_nothing_can_fail_nowhere():
    with pytest.raises(TypeError, match="nothing can be let fail"):
        list(contract(fails=["till"]).situations())


def test_what_is_left_behind_is_compared_where_it_is_observed():
    def sells_all(w):
        found = sold(w)
        w.sold.clear()
        return found

    seen = {"observe": lambda w: list(w.sold), "again": False}
    assert told(a_till(again=False), sells_all, sold) is None
    assert told(a_till(**seen), sold, sold) is None
    assert "what it leaves behind is not: expected 2 entries, got 0" in told(a_till(**seen), sells_all, sold)
    assert told(a_till(cases={"one sells": Case(observe=False)}, **seen), sells_all, sold) is None


def test_a_case_is_played_only_where_it_says_so():
    cases = {"it is asked": Case([]), "names come": Case(["ada"], only=lambda database: database == "big")}
    made = contract(cases=cases, world=World(("database",), lambda database: _till))
    assert told(made, lambda names: {}, database="small") is None
    assert told(made, lambda names: {}, database="big").startswith("When names come, ")


def test_other_options_reach_the_situation():
    def truth(w):
        return {}

    options = {"truth": truth, "raises": KeyError, "ordered_keys": True, "impatient": True}
    situation = next(contract(cases={"it is asked": Case([], **options)}).situations())
    assert {name: getattr(situation, name) for name in options} == options


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="agian"):
        Case([], agian=True)
    with pytest.raises(TypeError, match="betwen"):
        Case([]).but(betwen=print)


def test_what_is_drawn_is_the_same_for_both_versions_and_another_for_each_verdict():
    seen = []

    def answer(number):
        seen.append(number)
        return [number]

    made = contract(
        world=worlds.drawn(lambda rng, _: {"number": rng.randrange(1 << 30)}),
        cases={"a number is given": Case()},
        call=lambda f, w: f(w.number),
        again=False,
    )
    rng = random.Random(3)
    for _ in range(2):
        assert told(made, answer, answer, rng=rng) is None
    assert seen[0] == seen[1] != seen[2] == seen[3]


# --- sentences


def one_off(names):
    return {name: len(name) + 1 for name in names}


SAYS = {"count": "Count letters.", "parts": {"ada": "Ada has three.", "bo": "Bo has two."}}


@pytest.mark.parametrize(
    ("why", "of_case", "says"),
    [
        (None, None, ""),
        ("count", None, "Count letters."),
        ("parts", None, "Ada has three."),
        ({"ada": "count"}, None, "Count letters."),
        ({"bo": "count"}, None, ""),
        ({"value": "count"}, None, "Count letters."),
        ("count", "parts", "Ada has three."),
        ("count", "", ""),
        (lambda found: f"Not {found.given}.", None, "Not 4."),
    ],
)
def test_why_is_a_key_or_a_table_of_keys_by_part_or_kind(why, of_case, says):
    case = Case(list(NAMES), **({} if of_case is None else {"why": of_case}))
    made = contract(cases={"it is asked": case}, why=why, says=SAYS)
    said = f"When it is asked, `ada`: expected 3, got 4. {says}"
    assert told(made, one_off) == said.strip()


def test_why_may_speak_of_errors_and_of_what_is_observed():
    def raises(w):
        raise LookupError("no till")

    def sells(w):
        found = sold(w)
        w.sold.pop()
        return found

    why = {"error": lambda error: f"It is {error.args[0]!r}.", "seen": "count"}
    made = a_till(why=why, says=SAYS, observe=lambda w: len(w.sold))
    said = "When it is asked, expected a result; your code raised LookupError: no till. It is 'no till'."
    assert told(made, raises, sold) == said
    assert told(made, sells, sold) == "When it is asked, Count letters."


@pytest.mark.parametrize("why", ["cuont", {"ada": "cuont"}])
def test_a_missing_sentence_is_told_before_anything_is_played(why):
    for options in ({"why": why}, {"cases": {"it is asked": Case([], why=why)}}):
        with pytest.raises(KeyError, match="nothing named `cuont`"):
            told(contract(says=SAYS, **options), pytest.fail)


def test_sentences_take_values():
    made = contract(says={"many": "{n:,} calls.", "table": {"a": "b"}})
    assert made.say("many", n=1200) == "1,200 calls."
    with pytest.raises(KeyError, match="few"):
        made.say("few")
    with pytest.raises(KeyError, match="is a table"):
        made.say("table")
    with pytest.raises(KeyError, match="n"):
        made.say("many")


# --- causes


def test_a_cause_is_a_check_by_the_name_of_its_function():
    made = contract()

    @made.cause
    def no_list(f, rng):
        assert f([]) == {}, f"{rng.random()}"

    assert list(made.checks) == ["answers", "no_list"]
    assert made.checks["no_list"] is no_list


def test_the_judge_gives_a_contracts_checks_what_they_ask_for(monkeypatch, tmp_path):
    monkeypatch.setattr("kettle.checking.equivalence.merged_names", lambda *home: {"f": lengths})
    made = contract(world=worlds.drawn(lambda rng, _: {}))
    check, thread = Check("answers", "The same lengths", "check"), OwnThread()

    def found(**names):
        return judge(check, made.checks["answers"], names, thread, home=(tmp_path, "lesson"))

    try:
        assert found(f=lengths).outcome == "passed"
        assert "expected 3, got 4" in found(f=one_off).message
        assert "defines nothing called `f`" in found(g=lengths).message
    finally:
        thread.close()


@pytest.mark.parametrize("asynchronous", [False, True])
def test_how_much_faster_is_told_of_the_merged_code_and_the_answer(asynchronous):
    called = []
    made = contract(says={"faster": "Yours is {ratio}."})

    def version(name):
        def plain():
            called.append(name)

        async def awaited():
            called.append(name)

        return awaited if asynchronous else plain

    @contextmanager
    def ready(rng):
        yield lambda function: function()

    @asynccontextmanager
    async def ready_to_await(rng):
        yield lambda function: function()

    made.faster(ready_to_await if asynchronous else ready, rounds=2)
    said = told(made, version("mine"), version("merged"), check="faster")
    assert said.startswith("Yours is ")
    assert {*called} == {"mine", "merged"}
    made.words = NotebookWords()
    with pytest.raises(KeyError, match="faster"):
        told(made, version("mine"), version("merged"), check="faster")


# --- worlds


async def orders_of(api, customer):
    return await get(api, f"/customers/{customer}/orders")


async def get(api, path):
    async with api.get(path) as response:
        response.raise_for_status()
        return await response.json()


def test_a_call_to_the_shop_fails_once_by_the_name_of_its_path():
    made = contract(
        world=worlds.shop(lambda rng, _: {"customer": 1001}),
        cases={"a page is asked for": Case()},
        call=lambda f, w: f(w.api, w.customer),
        fails={"orders": "/customers/{customer}/orders"},
    )

    async def swallows(api, customer):
        with suppress(Exception):
            return await orders_of(api, customer)

    with Shop(seed=5) as shop:
        assert told(made, orders_of, orders_of, shop=shop) is None
        said = told(made, swallows, orders_of, shop=shop)
    assert said.startswith("When the call for the orders fails once, expected ClientResponseError")


@pytest.fixture(scope="module")
def database():
    with open_database(3, server=False) as opened:
        yield opened


def names_in(w):
    with w.engine.begin() as connection:
        return list(connection.exec_driver_sql("SELECT name FROM products ORDER BY id").scalars())


@pytest.mark.parametrize(
    ("world", "when"),
    [
        (worlds.tables("products", products=4, suppliers=2, customers=1), "cannot be written"),
        (worlds.rows(products=12, suppliers=4, orders=12), "is gone"),
    ],
    ids=["tables", "rows"],
)
def test_a_table_fails_by_its_name_and_is_there_again_afterwards(database, world, when):
    made = contract(world=world, cases=PLAIN, call=lambda f, w: f(w), fails=["products"])

    def swallows(w):
        try:
            return names_in(w)
        except Exception:  # noqa: BLE001
            return []

    assert told(made, names_in, names_in, database=database) is None
    said = told(made, swallows, names_in, database=database)
    assert said.startswith(f"When the table `products` {when}, expected OperationalError")
    assert told(made, names_in, names_in, database=database) is None


def test_what_is_written_to_a_table_is_observed_and_put_back(database):
    def clears(w):
        with w.engine.begin() as connection:
            return connection.exec_driver_sql("UPDATE products SET stock = 0").rowcount

    def clears_one(w):
        with w.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE products SET stock = 0 WHERE id = 1")
        return 4

    world = worlds.tables("products", products=4, suppliers=2, customers=1)

    def stock(w):
        return [each for (each,) in w.tables.ask("SELECT stock FROM products ORDER BY id")]

    made = contract(world=world, cases=PLAIN, call=lambda f, w: f(w), observe=stock)
    assert told(made, clears, clears, database=database) is None
    assert "what it leaves behind is not" in told(made, clears_one, clears, database=database)
    assert any(row["stock"] for row in database.data.products)
    with world.open(database=database, rng=random.Random(1))() as w:
        assert any(stock(w))
