"""Queries: both ORMs' statements, with the lines that send them."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kettle.database import open_database
from kettle.database.models import Order
from kettle.lessons.queries import watch_queries


@pytest.fixture(scope="module", params=["PostgreSQL 18", "SQLite"])
def database(request):
    with open_database(3, orders=100, customers=10, products=20, server=request.param != "SQLite") as opened:
        assert opened.kind == request.param, opened.says
        yield opened


def lines(queries):
    return {statement.where.partition(" ")[2].strip("`") for statement in queries.statements}


def test_each_statement_names_the_line_that_sends_it(database):
    engine = database.engine()
    with watch_queries(engine) as queries, Session(engine) as session:
        orders = session.scalars(select(Order).order_by(Order.id)).all()
        assert len(orders[0].lines) == 3
    assert lines(queries) == {
        "orders = session.scalars(select(Order).order_by(Order.id)).all()",
        "assert len(orders[0].lines) == 3",
    }
    assert all(statement.where.startswith("test_queries:") for statement in queries.statements)
    models = database.configure_django()
    with watch_queries("django") as queries:
        len(models.Order.objects.all())
    assert lines(queries) == {"len(models.Order.objects.all())"}


def test_it_counts_what_the_wire_counts(database):
    engine, models = database.engine(), database.configure_django()
    with database.wire() as wire, watch_queries(engine) as queries, Session(engine) as session:
        [len(order.lines) for order in session.scalars(select(Order))]
    assert wire.count == queries.count == 101
    assert {query.rows for query in queries.statements} == ({None} if database.kind == "SQLite" else {100, 3})
    with database.wire() as wire, watch_queries("django") as queries:
        [len(order.lines.all()) for order in models.Order.objects.all()]
    assert wire.count == queries.count == 101
    assert all(query.seconds > 0 for query in queries.statements)


def test_the_identity_map_asks_once_for_each_parent(database):
    engine = database.engine()
    with watch_queries(engine) as queries, Session(engine) as session:
        [order.customer.name for order in session.scalars(select(Order))]
    assert queries.count == 1 + 10


def test_watching_ends_with_its_window(database):
    models = database.configure_django()
    engine = database.engine()
    with watch_queries("django") as django, watch_queries(engine) as alchemy:
        pass
    models.Order.objects.count()
    with Session(engine) as session:
        session.scalar(select(Order.id))
    assert django.count == alchemy.count == 0


def test_what_cannot_be_watched():
    with pytest.raises(TypeError, match="cannot be watched: give a SQLAlchemy engine or"):
        watch_queries(17)
