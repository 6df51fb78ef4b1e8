"""Claims that lesson 18 answers for and does not ask about."""

import importlib.util
import time
from collections.abc import Callable
from functools import partial
from statistics import median

TIMES = 20


def typical(work: Callable[[], object]) -> float:
    """Return the median of some runs, in milliseconds."""
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - start))
    return median(took)


def what_a_pool_saves() -> str:
    """Measure one command over a new connection and over a kept one, near and far."""
    import redis
    from sqlalchemy import NullPool, text

    from kettle.database import open_database
    from kettle.redis_server import open_redis

    told = []
    for name, delay in (("on this machine", 0.0), ("2 ms away", 0.002)):
        with open_redis(delay=delay) as server, redis.Redis.from_url(server.url) as kept:

            def anew(server=server) -> None:
                with redis.Redis.from_url(server.url) as client:
                    client.ping()

            kept.ping()
            saved = typical(anew) - typical(kept.ping)
            told.append(f"Redis {name} {saved:.1f} ms")
        with open_database(18, customers=2, orders=2, delay=delay) as database:
            pooled, apart = database.engine(), database.engine(poolclass=NullPool)

            def ask(engine) -> None:
                with engine.connect() as connection:
                    connection.execute(text("SELECT 1"))

            ask(pooled)
            saved = typical(partial(ask, apart)) - typical(partial(ask, pooled))
            told.append(f"{database.kind} {name} {saved:.1f} ms")
    return f"Saved for each request: {', '.join(told)}."


def one_engine() -> str:
    """Count the connections of one engine, and of an engine for each request."""
    from sqlalchemy import event, text

    from kettle.database import open_database

    with open_database(18, customers=2, orders=2) as database:
        opened = {"one": 0, "each": 0}

        def ask(engine, name: str) -> None:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))

        def watched(name: str):
            engine = database.engine()

            def count(*_: object) -> None:
                opened[name] += 1

            event.listen(engine, "connect", count)
            return engine

        one = watched("one")
        for _ in range(10):
            ask(one, "one")
            each = watched("each")
            ask(each, "each")
            each.dispose()
    return (
        f"Ten requests: {opened['one']} connection with one engine, {opened['each']} with an engine for each."
    )


def what_django_brings() -> str:
    """Count the connections of Django's own cache, and tell whether aioredis is there."""
    from django.core.cache.backends.redis import RedisCache

    from kettle.redis_server import open_redis

    with open_redis() as server:
        cache = RedisCache(server.url, {"KEY_PREFIX": server.prefix})
        with server.traffic() as traffic:
            for number in range(10):
                cache.set("tea", number)
        cache.close()
        cache._cache._pools.clear()  # closing it closes no connection
    aioredis = "is installed" if importlib.util.find_spec("aioredis") else "is not installed"
    return f"Ten calls of Django's own RedisCache: {traffic.connections} connection. aioredis {aioredis}."


MEASURES = {
    "saves": what_a_pool_saves,
    "one_engine": one_engine,
    "django_redis": what_django_brings,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
