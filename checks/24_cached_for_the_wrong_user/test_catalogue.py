"""The exercise's catalogue counts what it is asked, and fails when it is told to."""

import pytest

from kettle.lessons.catalogue import PRODUCTS, Catalogue


def test_each_product_has_a_price_of_its_own():
    catalogue = Catalogue(0.0)
    assert len({catalogue.price(code) for code in PRODUCTS}) == len(PRODUCTS) == 200
    assert catalogue.asked == PRODUCTS


def test_it_fails_once_and_does_not_know_everything():
    catalogue = Catalogue(0.0)
    catalogue.fails = True
    with pytest.raises(ConnectionError):
        catalogue.price(PRODUCTS[0])
    assert catalogue.price(PRODUCTS[0]) == 4.25
    with pytest.raises(KeyError):
        catalogue.price("KC-9999")
