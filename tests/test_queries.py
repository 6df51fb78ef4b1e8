"""Queries are counted alike in both ORMs and on both databases."""

import asyncio
import threading

import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload, selectinload

from kettle.database import open_database
from kettle.database.models import Order, Product, Supplier
from kettle.database.statements import kind_of
from kettle.probes.engines.where import sender
from kettle.probes.queries import watch_queries


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


def lines(queries):
    return {statement.where.partition(" ")[2].strip("`") for statement in queries.statements}


def test_a_callback_of_the_loop_that_no_own_code_called_names_no_line():
    loop, failed = asyncio.new_event_loop(), []
    loop.set_exception_handler(lambda _, context: failed.append(context))
    loop.call_soon(next, iter(sender, None))
    loop.call_soon(loop.stop)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    thread.join()
    loop.close()
    assert failed == []


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


def test_an_async_engines_statement_names_its_line_too(database):
    async def visit():
        engine = database.async_engine()
        with watch_queries(engine) as queries:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        await engine.dispose()
        return queries

    assert lines(asyncio.run(visit())) == {'await connection.execute(text("SELECT 1"))'}


@pytest.mark.parametrize(("option", "statements"), [(None, 101), (selectinload, 2)])
def test_sqlalchemy_n_plus_one(database, option, statements):
    engine = database.engine()
    with database.wire() as wire, watch_queries(engine) as queries, Session(engine) as session:
        names(session, *([option(Order.lines)] if option else []))
    assert (wire.count, queries.count) == (statements, statements)
    assert wire.rows == queries.rows == 100 + 300
    assert queries.connections == wire.connections == 1
    assert wire.round_trips >= statements


def test_joined_loading_is_one_statement_and_a_product_of_rows(database):
    engine = database.engine()
    with database.wire() as wire, watch_queries(engine) as queries, Session(engine) as session:
        session.scalars(
            select(Order).options(joinedload(Order.lines), joinedload(Order.events))
        ).unique().all()
    assert wire.count == queries.count == 1
    assert wire.rows == queries.rows == 100 * 3 * 2


def test_the_identity_map_asks_once_for_each_parent(database):
    engine = database.engine()
    with watch_queries(engine) as queries, Session(engine) as session:
        [order.customer.name for order in session.scalars(select(Order))]
    assert queries.count == 1 + 10


@pytest.mark.parametrize(("related", "statements"), [(None, 101), ("lines", 2)])
def test_django_n_plus_one(database, related, statements):
    models = database.configure_django()
    orders = models.Order.objects.order_by("id")
    with database.wire() as wire, watch_queries("django") as queries:
        django_names(orders.prefetch_related(related) if related else orders)
    assert wire.count == queries.count == statements
    assert wire.rows == queries.rows == 400


def test_django_select_related_is_one_statement(database):
    models = database.configure_django()
    with database.wire() as wire, watch_queries("django") as queries:
        [order.customer.name for order in models.Order.objects.all()]
    with watch_queries("django") as joined:
        [order.customer.name for order in models.Order.objects.select_related("customer")]
    assert (wire.count, queries.count, joined.count) == (101, 101, 1)


def test_both_orms_read_the_same_tables(database):
    models = database.configure_django()
    with Session(database.engine()) as session:
        assert names(session) == django_names(models.Order.objects.order_by("id"))


def test_watching_ends_with_its_window(database):
    models = database.configure_django()
    engine = database.engine()
    with watch_queries("django") as django, watch_queries(engine) as alchemy:
        pass
    models.Order.objects.count()
    with Session(engine) as session:
        session.scalar(select(Order.id))
    assert django.count == alchemy.count == 0


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_async_engines(database, driver):
    from sqlalchemy.ext.asyncio import AsyncSession

    async def main():
        engine = database.async_engine(driver)
        async with database.wire() as wire, watch_queries(engine) as queries, AsyncSession(engine) as session:
            (await session.scalars(select(Order).options(selectinload(Order.lines)))).all()
        await engine.dispose()
        return wire, queries

    wire, queries = asyncio.run(main())
    assert wire.count == queries.count == 2
    assert wire.rows == queries.rows == 400


def test_transactions(database):
    engine = database.engine()
    with database.wire() as wire, watch_queries(engine) as queries:
        with engine.begin() as connection:
            connection.execute(text("UPDATE products SET stock = 5 WHERE id = 1"))
            connection.execute(text("UPDATE products SET stock = 6 WHERE id = 1"))
        with engine.connect() as connection:
            connection.execute(text("UPDATE products SET stock = 7 WHERE id = 1"))
    assert wire.transactions.commits == queries.transactions.commits == 1
    assert wire.transactions.rollbacks == queries.transactions.rollbacks == 1
    assert wire.count == queries.count == 3


def test_django_commits_each_save_by_itself(database):
    from django.db import transaction

    models = database.configure_django()
    products = list(models.Product.objects.order_by("id")[:4])
    with database.wire() as wire, watch_queries("django") as queries:
        for product in products:
            product.save()
    assert wire.transactions.commits == queries.transactions.commits == 4
    with database.wire() as wire, watch_queries("django") as queries, transaction.atomic():
        for product in products:
            product.save()
    assert wire.transactions.commits == queries.transactions.commits == 1
    assert wire.count == queries.count == 4


def test_executemany_counts_each_execution(database):
    engine = database.engine()
    with database.wire() as wire, watch_queries(engine) as queries, engine.begin() as connection:
        sets = [{"n": 1, "i": number} for number in range(1, 8)]
        connection.execute(text("UPDATE products SET stock = :n WHERE id = :i"), sets)
    assert wire.count == queries.count == 7
    assert {each.parameters_count for each in wire.statements} == {2}


def test_insert_of_many_rows_is_few_statements(database):
    engine = database.engine()
    rows = [{"name": f"n{n}", "country": "PL"} for n in range(200)]
    with database.wire() as wire, watch_queries(engine) as queries, Session(engine) as session:
        session.execute(insert(Supplier).returning(Supplier.id), rows)
    assert wire.count == queries.count <= 5
    assert wire.rows == 200


def test_a_failed_statement_is_told(database):
    engine = database.engine()
    with database.wire() as wire, watch_queries(engine) as queries, engine.connect() as connection:
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT nothing FROM products"))
        connection.rollback()
        connection.execute(text("SELECT 1"))
    assert (
        [each.failed for each in wire.statements]
        == [each.failed for each in queries.statements]
        == [True, False]
    )


def test_a_loop_over_the_driver_passes_the_library_but_not_the_wire(database):
    engine = database.engine()
    with database.wire() as wire, watch_queries(engine) as queries:
        raw = engine.raw_connection()
        cursor = raw.cursor()
        for number in range(1, 11):
            cursor.execute(f"SELECT quantity FROM order_lines WHERE order_id = {number}")
            cursor.fetchall()
        raw.close()
    assert (wire.count, wire.rows) == (10, 30)
    assert queries.count == 0


def test_an_engine_of_ones_own():
    engine = create_engine("sqlite://")
    with watch_queries(engine) as queries, engine.begin() as connection:
        connection.execute(text("CREATE TABLE a (b)"))
        connection.execute(text("INSERT INTO a VALUES (1), (2)"))
        assert queries.count == 2
        connection.execute(text("SELECT b FROM a")).all()
    assert queries.rows == 2
    assert "3 statements, 2 rows" in repr(queries)


def test_what_cannot_be_watched():
    with pytest.raises(TypeError, match="cannot be watched: give a SQLAlchemy engine or"):
        watch_queries(17)


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
