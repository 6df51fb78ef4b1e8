"""The workers of lesson 26: when they are replaced, what they keep, and how that is drawn."""

import asyncio
import sys
from types import ModuleType, SimpleNamespace

import pytest

from kettle.lessons import recycling
from kettle.lessons.recycling import ChildTrouble, Evening, evening
from kettle.lessons.saw_tooth import saw_tooth

SOURCE = """
from dataclasses import dataclass

@dataclass
class Page:
    text: str

pages = {}

def respond(url):
    return pages.setdefault(url, Page(url * 100))

def forgets(url):
    return Page(url)

def fails(url):
    return missing
"""
URLS = [f"/{number}" for number in range(1000)]


@pytest.fixture
def notebook(monkeypatch):
    shop = ModuleType("shop")
    monkeypatch.setitem(sys.modules, "shop", shop)
    exec(SOURCE, vars(shop))
    space = {**vars(shop), "In": [SOURCE]}
    monkeypatch.setattr(recycling, "get_ipython", lambda: SimpleNamespace(user_ns=space))
    return shop


def test_workers_with_an_even_load_are_replaced_together(notebook):
    seen = asyncio.run(evening(notebook.respond, URLS, workers=2, max_requests=200))
    assert seen.restarts == ((399, 0), (400, 1), (799, 0), (800, 1))
    assert seen.together() == 2
    assert sorted(seen.pages) == [100, 100, 200, 200, 200, 200]
    by_request = dict(seen.memory)
    assert by_request[400] < by_request[300] / 10
    assert seen.peak == max(by_request.values()) > 200 * 200


def test_jitter_spreads_them_and_what_forgets_keeps_nothing(notebook):
    seen = asyncio.run(
        evening(notebook.forgets, URLS, workers=2, max_requests=150, max_requests_jitter=200, seed=1)
    )
    assert seen.together(20) == 1
    assert set(seen.pages) == {0}


def test_a_worker_that_reaches_its_limit_in_a_batch_leaves_the_rest_to_the_next_one(notebook):
    seen = asyncio.run(evening(notebook.respond, URLS[:200], workers=1, max_requests=130))
    assert seen.restarts == ((130, 0),)
    assert seen.pages == (130, 70)


def test_code_that_fails_is_told(notebook):
    with pytest.raises(ChildTrouble, match="name 'missing' is not defined"):
        asyncio.run(evening(notebook.fails, URLS[:100], workers=1))


def test_the_picture_says_how_high_and_how_often():
    merged = Evening(((0, 0), (100, 3_000_000), (200, 0)), ((199, 0), (200, 1)), (100, 100))
    alone, both = saw_tooth(merged), saw_tooth(Evening(((0, 0), (200, 2000)), (), (10, 10)), merged)
    assert "All workers: at most 3 MB, 2 restarts." in alone.text
    assert "Before: at most 3 MB, 2 restarts. After: at most 2 kB, 0 restarts." in both.text
    assert "worker 2: replaced after 200 requests" in alone.html
    assert both.html.count("<title>worker") == 2
