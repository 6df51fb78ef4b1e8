"""Lesson 20 in other frameworks: what its learners are shown does what it says."""

import asyncio

import httpx
import pytest
from own_code import run_snippet, snippet

from kettle.database import open_database

STEM = "20_wrong_eager_loader"
SIZES: dict = {"orders": 30, "customers": 30, "lines": 6, "events": 4}


@pytest.fixture(scope="module")
def database():
    with open_database(20, **SIZES) as opened:
        yield opened


async def visits(database, names, *counts):
    """Visit the app's page at several lengths; return for each what it shows, statements and rows."""
    engine, found = database.async_engine(), []
    names["sessions"].configure(bind=engine)
    transport = httpx.ASGITransport(names["app"])
    async with httpx.AsyncClient(transport=transport, base_url="http://kettle") as client:
        for count in counts:
            with database.wire() as wire:
                answer = await client.get(f"/orders?count={count}")
            found.append((answer.raise_for_status().json(), wire.count, wire.rows))
    await engine.dispose()
    return found


def run_changed(*changes):
    """Run FastAPI's snippet with changes, and return what it defines."""
    names, code = {"__name__": "changed_fastapi"}, snippet(STEM, "fastapi")
    for old, new in changes:
        assert old in code
        code = code.replace(old, new)
    exec(compile(code, "<fastapi, changed>", "exec"), names)
    return names


def test_fastapi_brings_a_sum_in_three_statements(database):
    names = run_snippet(STEM, "fastapi")
    found = asyncio.run(visits(database, names, 5, 20))
    for count, (shown, statements, rows) in zip((5, 20), found, strict=True):
        assert statements == 3
        assert rows == count * (1 + 6 + 4)
        assert len(shown) == count
        assert shown[0]["customer"]["name"]
        assert (len(shown[0]["lines"]), len(shown[0]["events"])) == (6, 4)
        assert shown[0]["lines"][0]["product"]["name"]


def test_fastapi_with_joins_would_bring_the_product(database):
    names = run_changed(("selectinload(Order", "joinedload(Order"), (").all()", ").unique().all()"))
    ((_, statements, rows),) = asyncio.run(visits(database, names, 5))
    assert (statements, rows) == (1, 5 * 6 * 4)


def test_a_forgotten_relation_fails_by_its_name(database):
    names = run_changed(("        selectinload(Order.events),\n", ""))
    with pytest.raises(Exception, match="events"):
        asyncio.run(visits(database, names, 5))


def test_without_raiseload_it_is_a_missing_greenlet(database):
    names = run_changed(('        selectinload(Order.events),\n        raiseload("*"),\n', ""))
    with pytest.raises(Exception, match="greenlet"):
        asyncio.run(visits(database, names, 5))


def test_django_counts_the_product_unless_it_is_told_otherwise(database):
    database.configure_django()
    names = run_snippet(STEM, "django")
    counted = {name: names[name].order_by("id").first() for name in ("wrong", "folded", "right")}
    numbers = {name: (order.n_lines, order.n_events) for name, order in counted.items()}
    assert numbers == {"wrong": (24, 24), "folded": (6, 4), "right": (6, 4)}


def test_django_counts_nothing_as_nothing(database):
    models = database.configure_django()
    names = run_snippet(STEM, "django")
    placed = {"placed_at": database.data.orders[0]["placed_at"], "status": "placed"}
    bare = models.Order.objects.create(**placed, customer_id=1)
    try:
        found = names["right"].get(pk=bare.pk)
        assert (found.n_lines, found.n_events) == (0, 0)
    finally:
        bare.delete()
