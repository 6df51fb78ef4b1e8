"""Writes are judged by what they wait for and commit; others act between the statements of a program."""

from random import Random

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from kettle.checking import Case, Contract, worlds
from kettle.checking.equivalence.tables import put_back
from kettle.database import open_database
from kettle.database.data import SALE
from kettle.database.models import OrderEvent, Product
from kettle.lessons.other_writers import others_act, where_free
from kettle.lessons.writes import (
    ONE_TRANSACTION,
    TOGETHER,
    AllOrNothing,
    RoundTrips,
    commits,
    label,
    trips,
    waited_for,
)

FEW, MANY = 10, 200
HALL = worlds.tables("order_events", orders=20, events=1)
SELL = (
    "UPDATE products SET stock = stock - 1 WHERE id IN "
    "(SELECT id FROM products WHERE id = 1 FOR UPDATE SKIP LOCKED) RETURNING id"
)


@pytest.fixture(scope="module", params=[True, False], ids=["postgresql", "sqlite"])
def database(request):
    with open_database(3, server=request.param, orders=20, products=20) as opened:
        yield opened


@pytest.fixture(scope="module")
def server():
    with open_database(3, products=20, orders=0) as opened:
        if opened.kind == "SQLite":
            pytest.skip("There is no server on this machine.")
        yield opened


@pytest.fixture
def engine(database):
    engine = database.engine()
    engine.connect().close()
    yield engine
    engine.dispose()


def rows(count):
    return [{"order_id": n % 20 + 1, "happened_at": SALE, "what": "counted"} for n in range(count)]


def judged(database, write):
    seen = []
    for count in (FEW, MANY):
        with database.wire() as wire:
            write(count)
        seen.append(wire.seen)
    return RoundTrips(rows, HALL, few=FEW, many=MANY).judge(*seen)


def told(database, write):
    with pytest.raises(AssertionError) as raised:
        judged(database, write)
    return str(raised.value)


def each_committed(engine, count):
    for row in rows(count):
        with engine.begin() as connection:
            connection.execute(insert(OrderEvent), [row])


def one_commit(engine, count):
    with engine.begin() as connection:
        for row in rows(count):
            connection.execute(insert(OrderEvent), [row])


def together(engine, count):
    with engine.begin() as connection:
        connection.execute(insert(OrderEvent), rows(count))


def in_batches(engine, count):
    for start in range(0, count, 50):
        with engine.begin() as connection:
            connection.execute(insert(OrderEvent), rows(count)[start : start + 50])


def test_a_list_is_right_however_many_statements_travel_in_it(database, engine):
    said = judged(database, lambda count: together(engine, count))
    assert said.endswith("1 commit.")
    assert "round trips for 200 rows" in said


def test_a_loop_is_told_what_it_waits_for(database, engine):
    said = told(database, lambda count: each_committed(engine, count))
    assert "200 × `INSERT order_events`" in said
    assert said.endswith(TOGETHER)
    assert ("200 × `COMMIT`" in said) == (database.kind != "SQLite")


def test_one_commit_for_a_loop_is_still_a_loop(database, engine):
    assert "200 × `INSERT order_events`" in told(database, lambda count: one_commit(engine, count))


def test_batches_that_commit_each_are_told_so(database, engine):
    said = told(database, lambda count: in_batches(engine, count))
    assert said.startswith(
        "4 commits for 200 rows, about one for each 50: if the job stops between two of them"
    )
    assert said.endswith(ONE_TRANSACTION)


def test_a_new_connection_is_no_work_on_rows(database):
    def write(count):
        engine = database.engine()
        together(engine, count)
        engine.dispose()

    judged(database, write)


def test_many_connections_are_told(database):
    def write(count):
        for _ in range(4):
            engine = database.engine()
            together(engine, count)
            engine.dispose()

    assert told(database, write).startswith("Expected one connection for 200 rows, got 4 new ones.")


def test_reading_in_a_transaction_of_its_own_is_no_commit(server):
    engine = server.engine()
    with server.wire() as wire:
        with engine.begin() as connection:
            connection.execute(select(Product.id)).all()
        with engine.begin() as connection:
            connection.execute(update(Product).values(stock=Product.stock + 1))
    assert commits(wire.seen) == 1
    assert wire.transactions.commits == 2
    engine.dispose()


def test_a_pipeline_is_waited_for_once(server):
    engine = server.engine()
    engine.connect().close()

    def seen(run):
        more = {"name": "x", "price_cents": 1, "stock": 1, "supplier_id": 1}
        with server.wire() as wire, engine.begin() as connection:
            connection.execute(insert(Product), [{"sku": f"P-{run}-{n}", **more} for n in range(30)])
        assert wire.count == 30
        return wire.seen

    # A client that a busy machine stops in the middle has its answers before it goes on.
    least = min((seen(run) for run in range(5)), key=trips)
    assert trips(least) == 3
    assert [label(each) for each in waited_for(least)] == ["BEGIN", "INSERT products", "COMMIT"]
    engine.dispose()


def test_tables_are_put_back(database, engine):
    kept = "SELECT id, order_id, happened_at, what FROM order_events ORDER BY id"
    database.fill(database.data)
    with put_back(database, "order_events", more="x") as world:
        before = world.tables.ask(kept)
        together(engine, 5)
        assert world.more == "x"
        assert len(world.tables.ask(kept)) == len(before) + 5
    assert world.tables.ask(kept) == before


def owed(database, book):
    """Judge a write that owes all or nothing."""
    contract = Contract(
        "book",
        world=HALL,
        call=lambda book, w, *rows: book(w.engine, rows),
        observe=lambda w: dict(map(tuple, w.tables.ask("SELECT id, order_id FROM order_events"))),
        cases={"one": Case()},
    )
    cause = AllOrNothing(rows, lambda last: {**last, "what": None}, HALL, long=100)
    cause.check(contract)(book=book, database=database, rng=Random(1))


def test_all_or_nothing(database):
    owed(database, lambda engine, given: written(engine, given, 1000))
    with pytest.raises(AssertionError, match="3 rows: expected that nothing is written, got 2 changes"):
        owed(database, lambda engine, given: written(engine, given, 1))
    with pytest.raises(AssertionError, match="100 rows: expected that nothing is written, got 50"):
        owed(database, lambda engine, given: written(engine, given, 50))
    with pytest.raises(AssertionError, match="expected an exception, got a result"):
        owed(database, lambda engine, given: written(engine, given[:-1], 1000))


def written(engine, given, size):
    for start in range(0, len(given), size):
        with engine.begin() as connection:
            connection.execute(insert(OrderEvent), list(given[start : start + size]))


def stock(server):
    with server.behind.connect() as connection:
        return connection.scalar(text("SELECT stock FROM products WHERE id = 1"))


def read_add_write(engine, **options):
    with Session(engine) as session, session.begin():
        product = session.get_one(Product, 1, **options)
        product.stock += 10


@pytest.mark.parametrize(("options", "lost"), [({}, 1), ({"with_for_update": True}, 0)])
def test_others_act_where_rows_are_free(server, options, lost):
    engine, sold, moments = server.engine(), [], []
    engine.connect().close()
    before = stock(server)

    def sell(moment):
        moments.append(moment)
        sold.extend(where_free(server, SELL))

    with others_act(sell):
        read_add_write(engine, **options)
    assert moments == [0, 1, 2]  # before the first, after the SELECT, after the UPDATE
    assert len(sold) == 1 + lost
    assert stock(server) == before + 10 - len(sold) + lost
    sell(3)  # nothing is patched any more
    engine.dispose()


def test_others_do_not_wait_for_a_locked_table(server):
    engine, sold = server.engine(), []
    with others_act(lambda _: sold.append(where_free(server, SELL))), engine.begin() as connection:
        connection.execute(text("LOCK TABLE products IN ACCESS EXCLUSIVE MODE"))
    assert [] in sold
    engine.dispose()


def test_a_copy_is_a_moment_too(server):
    moments = []
    with others_act(moments.append), server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE lines (number int)")
        with cursor.copy("COPY lines FROM STDIN") as copy:
            copy.write_row((1,))
    assert moments == [0, 1, 2]


def test_django_commits_are_counted_on_both(database):
    models = database.configure_django()
    from django.db import connection, transaction

    connection.ensure_connection()

    def write(count):
        with transaction.atomic():
            models.Product.objects.filter(id=1).update(stock=count)

    def write_apart(count):
        for _ in range(count // 50 + 1):
            write(count)

    assert judged(database, write).endswith("1 commit.")
    assert told(database, write_apart).startswith("5 commits for 200 rows, about one for each 40:")
    connection.close()
