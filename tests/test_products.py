"""What is judged of an ORM's loaders: statements that are few, rows that multiply, rows that nobody shows."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from kettle.checking.causes import Statements
from kettle.database import open_database
from kettle.database.models import Order

SIZES = {"orders": 60, "customers": 60, "lines": 5, "events": 4}


@pytest.fixture(scope="module")
def database():
    with open_database(20, server=False, **SIZES) as opened:
        yield opened


def orders_of(database, count, *loading):
    query = select(Order).options(*loading).order_by(Order.id).limit(count)
    with Session(database.engine()) as session:
        return list(session.scalars(query).unique())


def judged(database, *loading, count=lambda count: count):
    """Judge the pages of five orders and of forty that are loaded so."""
    seen = []
    for number in (5, 40):
        with database.wire() as wire:
            orders_of(database, count(number), *loading)
        seen.append(wire.seen)
    return Statements("order", lambda rows, n: 10 * n).judge(*seen, database.data)


def test_collections_by_themselves_are_a_sum(database):
    told = judged(database, selectinload(Order.lines), selectinload(Order.events))
    assert told == "3 statements and 400 rows for 40 orders, 3 statements and 50 rows for 5."


def test_one_collection_joined_is_a_sum(database):
    assert "2 statements" in judged(database, joinedload(Order.lines), selectinload(Order.events))


def test_two_collections_joined_are_told_apart_as_a_product(database):
    with pytest.raises(AssertionError) as told:
        judged(database, joinedload(Order.lines), joinedload(Order.events))
    assert str(told.value) == (
        "800 rows in one statement for 40 orders: it joins both `order_lines` and `order_events`, so each "
        "line comes once for each event of its order. Load each collection with a statement of its own."
    )


def test_rows_of_others_are_found(database):
    with pytest.raises(AssertionError, match="all `order_lines` of the shop"):
        judged(database, selectinload(Order.lines), selectinload(Order.events), count=lambda count: 60)
