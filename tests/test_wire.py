"""On the wire, statements are counted alike for both ORMs and on both databases."""

import asyncio

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload, selectinload

from kettle.database import open_database
from kettle.database.models import Order, Product, Supplier
from kettle.database.statements import kind_of


@pytest.fixture(scope="module", params=["PostgreSQL 18", "SQLite"])
def database(request):
    with open_database(3, orders=100, customers=10, products=20, server=request.param != "SQLite") as opened:
        assert opened.kind == request.param, opened.says
        yield opened


def names(session, *options):
    orders = session.scalars(select(Order).order_by(Order.id).options(*options))
    return [[line.quantity for line in order.lines] for order in orders]


def django_names(orders):
    return [
        [line.quantity for line in sorted(order.lines.all(), key=lambda line: line.pk)] for order in orders
    ]


@pytest.mark.parametrize(("option", "statements"), [(None, 101), (selectinload, 2)])
def test_sqlalchemy_n_plus_one(database, option, statements):
    engine = database.engine()
    with database.wire() as wire, Session(engine) as session:
        names(session, *([option(Order.lines)] if option else []))
    assert wire.count == statements
    assert wire.rows == 100 + 300
    assert wire.connections == 1
    assert wire.round_trips >= statements


def test_joined_loading_is_one_statement_and_a_product_of_rows(database):
    engine = database.engine()
    with database.wire() as wire, Session(engine) as session:
        session.scalars(
            select(Order).options(joinedload(Order.lines), joinedload(Order.events))
        ).unique().all()
    assert wire.count == 1
    assert wire.rows == 100 * 3 * 2


@pytest.mark.parametrize(("related", "statements"), [(None, 101), ("lines", 2)])
def test_django_n_plus_one(database, related, statements):
    models = database.configure_django()
    orders = models.Order.objects.order_by("id")
    with database.wire() as wire:
        django_names(orders.prefetch_related(related) if related else orders)
    assert wire.count == statements
    assert wire.rows == 400


def test_django_select_related_is_one_statement(database):
    models = database.configure_django()
    with database.wire() as wire:
        [order.customer.name for order in models.Order.objects.all()]
    with database.wire() as joined:
        [order.customer.name for order in models.Order.objects.select_related("customer")]
    assert (wire.count, joined.count) == (101, 1)


def test_both_orms_read_the_same_tables(database):
    models = database.configure_django()
    with Session(database.engine()) as session:
        assert names(session) == django_names(models.Order.objects.order_by("id"))


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_async_engines(database, driver):
    from sqlalchemy.ext.asyncio import AsyncSession

    async def main():
        engine = database.async_engine(driver)
        async with database.wire() as wire, AsyncSession(engine) as session:
            (await session.scalars(select(Order).options(selectinload(Order.lines)))).all()
        await engine.dispose()
        return wire

    wire = asyncio.run(main())
    assert wire.count == 2
    assert wire.rows == 400


def test_transactions(database):
    engine = database.engine()
    with database.wire() as wire:
        with engine.begin() as connection:
            connection.execute(text("UPDATE products SET stock = 5 WHERE id = 1"))
            connection.execute(text("UPDATE products SET stock = 6 WHERE id = 1"))
        with engine.connect() as connection:
            connection.execute(text("UPDATE products SET stock = 7 WHERE id = 1"))
    assert wire.transactions.commits == 1
    assert wire.transactions.rollbacks == 1
    assert wire.count == 3


def test_django_commits_each_save_by_itself(database):
    from django.db import transaction

    models = database.configure_django()
    products = list(models.Product.objects.order_by("id")[:4])
    with database.wire() as wire:
        for product in products:
            product.save()
    assert wire.transactions.commits == 4
    with database.wire() as wire, transaction.atomic():
        for product in products:
            product.save()
    assert wire.transactions.commits == 1
    assert wire.count == 4


def test_executemany_counts_each_execution(database):
    engine = database.engine()
    with database.wire() as wire, engine.begin() as connection:
        sets = [{"n": 1, "i": number} for number in range(1, 8)]
        connection.execute(text("UPDATE products SET stock = :n WHERE id = :i"), sets)
    assert wire.count == 7
    assert {each.parameters_count for each in wire.statements} == {2}


def test_insert_of_many_rows_is_few_statements(database):
    engine = database.engine()
    rows = [{"name": f"n{n}", "country": "PL"} for n in range(200)]
    with database.wire() as wire, Session(engine) as session:
        session.execute(insert(Supplier).returning(Supplier.id), rows)
    assert wire.count <= 5
    assert wire.rows == 200


def test_a_failed_statement_is_told(database):
    engine = database.engine()
    with database.wire() as wire, engine.connect() as connection:
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT nothing FROM products"))
        connection.rollback()
        connection.execute(text("SELECT 1"))
    assert [each.failed for each in wire.statements] == [True, False]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("BEGIN", "transaction"),
        ("ROLLBACK TO SAVEPOINT x", "transaction"),
        ("select pg_catalog.version()", "housekeeping"),
        ("SHOW standard_conforming_strings", "housekeeping"),
        ("SELECT name FROM suppliers /* pg_catalog */", "data"),
        ("select 1", "data"),
    ],
)
def test_kinds(sql, kind):
    assert kind_of(sql) == kind


def test_lines_are_parents_of_nothing_lost(database):
    with Session(database.engine()) as session:
        assert [row.sku for row in session.scalars(select(Product).order_by(Product.id))] == [
            row["sku"] for row in database.data.products
        ]
