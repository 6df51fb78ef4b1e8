"""Lesson 21 in other frameworks: what its learners are shown does what it says."""

import asyncio
import random

import httpx
import pytest
from own_code import run_snippet
from sqlalchemy import text

from kettle.database import open_database
from kettle.lessons.other_writers import others_act, where_free

STEM = "21_row_by_row"
SALE = (
    "UPDATE products SET stock = stock - 1 WHERE id IN "
    "(SELECT id FROM products WHERE sku = 'KC-00001' FOR UPDATE SKIP LOCKED) RETURNING id"
)


@pytest.fixture
def database():
    with open_database(21, products=300, orders=0) as opened:
        yield opened


def row(sku, stock, name="Green  tea ", supplier=1):
    return {"sku": sku, "name": name, "price_cents": 450, "stock": stock, "supplier_id": supplier}


def shop(database):
    with database.behind.connect() as connection:
        return {sku: rest for sku, *rest in connection.execute(text("SELECT sku, stock, name FROM products"))}


async def send(app, rows):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kettle") as client:
        return await client.post("/deliveries", json=rows)


def test_fastapi_books_a_list_wholly_or_not_at_all(database):
    names = run_snippet(STEM, "fastapi")
    engine = database.engine()
    names["sessions"].configure(bind=engine)
    engine.connect().close()
    before = shop(database)
    rows = [row("KC-00001", 5), row("KC-00001", 2), *(row(f"N-{n}", 1) for n in range(300))]
    with database.wire() as wire:
        assert asyncio.run(send(names["app"], rows)).json() == len(rows)
    assert wire.round_trips <= 4
    after = shop(database)
    assert after["KC-00001"] == [before["KC-00001"][0] + 7, before["KC-00001"][1]]
    assert after["N-7"] == [1, "Green tea"]
    assert asyncio.run(send(names["app"], [])).json() == 0
    bad = row("N-9999", 1, supplier=999) if database.kind != "SQLite" else None
    if bad:
        assert asyncio.run(send(names["app"], [row("KC-00001", 5), bad])).status_code == 409
    assert shop(database) == after


def test_django_adds_up_in_the_database(database):
    database.configure_django()
    book = run_snippet(STEM, "django")["import_delivery"]
    before, sold = shop(database), []
    rows = [row(f"KC-{n:05d}", n) for n in range(1, 200)]
    rows += [row("N-1", 3), row("N-1", 4, "Other")]
    random.Random(1).shuffle(rows)
    rows.sort(key=lambda each: each["name"], reverse=True)  # equal products keep the order of their names
    if database.kind == "SQLite":
        book(rows)
    else:
        with others_act(lambda _: sold.extend(where_free(database, SALE))), database.wire() as wire:
            assert book(rows) == 201
        assert sold
        assert wire.transactions.commits == 1
        assert wire.count <= 4
    after = shop(database)
    assert after["KC-00001"][0] == before["KC-00001"][0] + 1 - len(sold)
    assert after["KC-00150"] == [before["KC-00150"][0] + 150, before["KC-00150"][1]]
    assert after["N-1"] == [7, "Other"]


def test_objects_are_read_with_a_lock(database):
    book = run_snippet(STEM, "objects")["import_delivery"]
    before, sold, engine = shop(database), [], database.engine()
    rows = [*(row(f"KC-{n:05d}", n) for n in range(1, 200)), row("N-1", 3), row("N-1", 4)]
    if database.kind == "SQLite":
        book(engine, rows)
    else:
        with others_act(lambda _: sold.extend(where_free(database, SALE))), database.wire() as wire:
            assert book(engine, rows) == 201
        assert sold
        assert wire.transactions.commits == 1
    after = shop(database)
    assert after["KC-00001"] == [before["KC-00001"][0] + 1 - len(sold), before["KC-00001"][1]]
    assert after["N-1"] == [7, "Green tea"]
    engine.dispose()
