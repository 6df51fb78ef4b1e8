"""Checkouts: what a pool lends out, how long, and what the database does for it meanwhile."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kettle.database import open_database
from kettle.database.models import Order
from kettle.lessons.checkouts import watch_checkouts


@pytest.fixture(scope="module", params=["PostgreSQL 18", "SQLite"])
def database(request):
    with open_database(4, orders=10, server=request.param != "SQLite") as opened:
        assert opened.kind == request.param, opened.says
        yield opened


def test_a_loan_begins_with_the_first_statement_and_ends_with_the_transaction(database):
    engine = database.engine()
    with watch_checkouts(engine) as lent, Session(engine) as session:
        assert lent.now == 0
        session.scalars(select(Order.id)).all()
        assert (lent.now, lent.opened) == (1, 1)
        session.commit()
        assert lent.now == 0
        session.scalars(select(Order.id)).all()
    assert [loan.connection for loan in lent.loans] == [0, 0]
    assert all(loan.ended and loan.ended > loan.began and loan.work for loan in lent.loans)
    assert 0 < lent.worked <= 1
    assert lent.most == 1
    engine.dispose()


def test_a_broken_connection_counts_as_back(database):
    if database.kind == "SQLite":
        pytest.skip("nobody drops connections to a file")
    engine = database.engine()
    with watch_checkouts(engine) as lent:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            assert database.drop_connections() == 1
            with pytest.raises(DBAPIError):
                connection.execute(text("SELECT 1"))
        assert lent.now == 0
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
        assert lent.opened == 2
    engine.dispose()


def test_listeners_are_gone_afterwards(database):
    engine = database.engine()
    with watch_checkouts(engine) as lent:
        pass
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert lent.loans == []
    assert lent.opened == 0
    engine.dispose()
