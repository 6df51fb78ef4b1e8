"""Chains of referrers: from an object up to the module that keeps it alive."""

import sys
from types import ModuleType

import pytest

from kettle.lessons.referrers import Link, chain_of, referrers


class Page:
    def __repr__(self):
        return "a page"


@pytest.fixture
def shop(monkeypatch):
    module = ModuleType("shop_of_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_a_dictionary_in_a_module_is_found(shop):
    shop.pages = {"/a": Page()}
    assert chain_of(shop.pages["/a"]) == [
        Link("a page"),
        Link("a dict with 1 entry", "by the key '/a'"),
        Link("the module shop_of_a_test", "by the name pages"),
    ]


def test_a_list_in_a_dictionary_is_found(shop):
    shop.caches = {"pages": [Page(), Page()]}
    links = chain_of(shop.caches["pages"][1])
    assert [link.what for link in links[1:]] == [
        "a list with 2 entries",
        "a dict with 1 entry",
        "the module shop_of_a_test",
    ]


def test_an_attribute_of_an_object_is_found(shop):
    shop.service = Page()
    shop.service.pages = {"/a": Page()}
    links = chain_of(shop.service.pages["/a"])
    assert links[-1] == Link("the module shop_of_a_test", "by the name service")


def test_what_nobody_keeps_has_no_chain():
    assert chain_of(Page()) == [Link("a page")]
    assert "No module refers to a page." in referrers(Page()).text


def test_the_picture_tells_the_chain(shop):
    shop.pages = {"/a": Page()}
    picture = referrers(shop.pages["/a"])
    assert (
        "a page is kept alive by a dict with 1 entry, by the key '/a'; "
        "that one by the module shop_of_a_test, by the name pages." in picture.text
    )
    assert picture.html.count("<rect") == 3
