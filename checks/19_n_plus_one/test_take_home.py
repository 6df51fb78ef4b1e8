"""Lesson 19 in other frameworks: what its learners are shown does what it says."""

import asyncio
import io
import unittest

import httpx
import pytest
from own_code import run_snippet, snippet
from pydantic import ValidationError
from sqlalchemy.exc import InvalidRequestError

from kettle.database import open_database

STEM = "19_n_plus_one"
SIZES: dict = {"orders": 30, "customers": 30}


@pytest.fixture(scope="module")
def database():
    with open_database(19, **SIZES) as opened:
        yield opened


async def visit(app, count):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kettle") as client:
        return (await client.get(f"/orders?count={count}")).raise_for_status().json()


def run_changed(name, old, new):
    """Run a snippet with a change, and return what it defines."""
    names = {"__name__": f"changed_{name}"}
    code = snippet(STEM, name)
    assert old in code
    exec(compile(code.replace(old, new), f"<{name}, changed>", "exec"), names)
    return names


def statements_of(database, names, count):
    names["sessions"].configure(bind=database.engine())
    with database.wire() as wire:
        shown = asyncio.run(visit(names["app"], count))
    return shown, wire.count


def test_fastapi_sends_two_statements_whatever_the_length(database):
    names = run_snippet(STEM, "fastapi")
    for count in (5, 20):
        shown, statements = statements_of(database, names, count)
        assert statements == 2
        assert len(shown) == count
        assert shown[0]["customer"]["name"]
        assert shown[0]["lines"][0]["quantity"]


def test_a_response_model_asks_for_what_is_not_loaded_along(database):
    names = run_changed("fastapi", ".options(*loading)", "")
    assert statements_of(database, names, 20)[1] > statements_of(database, names, 5)[1] > 5


def test_raiseload_lets_a_forgotten_relation_fail(database):
    names = run_changed("fastapi", "selectinload(Order.lines), ", "")
    with pytest.raises((InvalidRequestError, ValidationError, Exception), match="raise"):
        statements_of(database, names, 5)


def run_django(database, **changed):
    """Run the test case of Django's snippet; return its result."""
    database.configure_django()
    names = run_changed("django", **changed) if changed else run_snippet(STEM, "django")
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(names["BoardTests"])
    return unittest.TextTestRunner(io.StringIO()).run(suite)


def test_django_asserts_two_statements(database):
    result = run_django(database)
    assert (result.testsRun, result.failures, result.errors) == (1, [], [])


def test_django_finds_a_board_that_asks_for_each_order(database):
    result = run_django(database, old='.prefetch_related("lines")', new="")
    ((_, said),) = result.failures
    assert "queries executed, 2 expected" in said
