"""Each of the ten mistakes can be fixed first: its finding passes, and those of the others say what they said."""

import pytest
from contract import Answer, judge_and_run

from kettle.checking import words_of
from kettle.lessons.larder_files import MERGED, MODULES, ROUTES, SOLUTION, Files, folder

STEM = "27_capstone_friday_sale"
SOURCE = """
from types import FunctionType

from kettle.lessons.larder_files import MERGED, SOLUTION, Files

files, fixed = Files(MERGED), vars(Files(SOLUTION).modules["{module}"])
names = vars(files.modules["{module}"])
for name, value in fixed.items():
    names.setdefault(name, value)
files.replace(FunctionType(fixed["{name}"].__code__, names, "{name}"))


async def larder(what, *args):
    return await getattr(files, what)(*args)
"""
BOOK = """
import asyncio

import aiohttp

from kettle.lessons.larder_files import MERGED, Files


async def book(larder, postcode):
    async with {around}{client}:
        async with {session}.get("/couriers/3/quote", params={{"postcode": postcode}}) as answer:
            answer.raise_for_status()
            return (await answer.json())["price"]


files = Files(MERGED).replace(book)


async def larder(what, *args):
    return await getattr(files, what)(*args)
"""
NEW, SHARED = "aiohttp.ClientSession(larder.url) as session", "larder.api"
FIRST = {
    "loop_lives": SOURCE.format(module="courier", name="quote"),
    "photos_leave_the_loop": SOURCE.format(module="photos", name="upload"),
    "statements": SOURCE.format(module="account", name="recent_orders"),
    "all_at_once": SOURCE.format(module="account", name="account_page"),
    "connection_is_free": SOURCE.format(module="checkout", name="place_order"),
    "orders_share_a_connection": BOOK.format(around="", client="asyncio.timeout(None)", session=SHARED),
    "gives_up": BOOK.format(around="asyncio.timeout(2), ", client=NEW, session="session"),
    "page_is_made_once": SOURCE.format(module="front", name="front_page"),
    "prices_show": SOURCE.format(module="front", name="change_prices"),
    "index_is_bounded": SOURCE.format(module="search", name="reindex"),
}
"""By the name of a finding, the service with that one fixed."""


@pytest.mark.every
def test_each_of_the_ten_can_be_fixed_first():
    titles = words_of(STEM).exercise.checks
    answers = {name: Answer(STEM, "exercise", "wrong", name, source) for name, source in FIRST.items()}
    as_given = Answer(STEM, "exercise", "starter", "as-given")
    found, _ = judge_and_run((), (), kernelless=[as_given, *answers.values()])
    fails = {each.title for each in found[as_given].findings if each.outcome == "not yet"}
    assert fails == {titles[name] for name in FIRST}
    for name, answer in answers.items():
        left = {each.title for each in found[answer].findings if each.outcome == "not yet"}
        assert left == fails - {titles[name]}, name


def test_the_learners_files_are_those_as_merged():
    for name in MODULES:
        mine, merged = ((place / f"{name}.py").read_text("utf-8") for place in (folder(), MERGED))
        assert mine == merged


def test_both_versions_have_all_that_the_service_does():
    for place in (MERGED, SOLUTION):
        files = Files(place)
        assert all(callable(getattr(files, name)) for name in ROUTES)
        assert len(files.application(None).router.routes()) >= len(ROUTES) + 1
