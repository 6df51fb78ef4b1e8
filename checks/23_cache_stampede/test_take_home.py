"""Lesson 23 in other frameworks: what its learners are shown does what it says."""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from own_code import cells_of, run_snippet

from kettle.database.django_setup import configure
from kettle.redis_server import open_redis

STEM = "23_cache_stampede"
THREADS = 8


def slowly(made, value="a page"):
    """Return what makes a value in a moment, and notes that it did."""

    def make():
        made.append(1)
        time.sleep(0.1)
        return value

    return make


def all_at_once(get):
    together = threading.Barrier(THREADS)

    def visit(_):
        together.wait()
        return get()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(visit, range(THREADS)))


@pytest.mark.parametrize("value", ["a page", None])
def test_in_django_one_makes_it(value):
    configure({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"})
    from django.core.cache.backends.redis import RedisCache

    names, made = run_snippet(STEM, "django"), []
    with open_redis() as server:
        names["cache"] = RedisCache(server.url, {"KEY_PREFIX": server.prefix})
        get = lambda: names["get_or_make"]("page", slowly(made, value), 60)  # noqa: E731
        assert all_at_once(get) == [value] * THREADS
        with pytest.raises(ZeroDivisionError):
            names["get_or_make"]("other", lambda: 1 / 0, 60)
        assert names["get_or_make"]("other", lambda: 2, 60) == 2
        names["cache"]._cache._pools.clear()
    assert len(made) == 1


def test_with_asyncio_one_makes_it():
    from redis.asyncio import Redis

    async def main(server):
        made = []

        async def make():
            made.append(1)
            await asyncio.sleep(0.1)

        async with Redis.from_url(server.url) as store:
            calls = [run["cached"](store, f"{server.prefix}page", make, 60) for _ in range(THREADS)]
            return await asyncio.gather(*calls), len(made)

    run = run_snippet(STEM, "asyncio")
    with open_redis() as server:
        assert asyncio.run(main(server)) == ([None] * THREADS, 1)


def names_of(*ids):
    """Run some cells of the lesson, and return their names."""
    names: dict = {"json": json, "__name__": "__main__"}
    for cell in cells_of(STEM):
        if cell.id in {"imports", *ids}:
            exec(cell.source, names)
    return names


def test_who_comes_early_makes_it_and_the_others_get_the_old_one():
    from redis import Redis

    early, made = names_of("early")["early"], []
    with open_redis() as server, Redis.from_url(server.url) as store:
        key = f"{server.prefix}page"
        store.set(key, json.dumps("old"), px=200)
        found = all_at_once(lambda: early(store, key, slowly(made, "new"), 60))
        assert early(store, key, slowly(made), 60) == "new"
    assert sorted(found) == ["new"] + ["old"] * (THREADS - 1)
    assert len(made) == 1


def test_jitter_spreads_the_ends():
    most = names_of("jitter")["most_in_a_second"]
    assert most(0) == 1000
    assert most(30) < most(6) < 300
