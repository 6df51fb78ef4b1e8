"""Claims that lesson 23 answers for and does not ask about."""

import subprocess
import sys
import time

ASK = """
from django.conf import settings
settings.configure(CACHES={"default": {"BACKEND": sys.argv[1], "LOCATION": sys.argv[2], "KEY_PREFIX": sys.argv[3]}})
from django.core.cache import cache
print(cache.get("page"))
"""


def in_another_process(backend: str, location: str, prefix: str) -> str:
    """Ask Django's cache for a page in a process of its own."""
    command = [sys.executable, "-c", f"import sys{ASK}", backend, location, prefix]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def backends() -> str:
    """Keep a page in local memory and in Redis, and look for both in another process."""
    from django.core.cache.backends.locmem import LocMemCache
    from django.core.cache.backends.redis import RedisCache

    from kettle.redis_server import open_redis

    found = {}
    with open_redis() as server:
        for kind, location in ((LocMemCache, "claims"), (RedisCache, server.url)):
            kept = kind(location, {"KEY_PREFIX": server.prefix})
            kept.set("page", "a page", 60)
            name = f"{kind.__module__}.{kind.__name__}"
            found[kind.__name__] = in_another_process(name, location, server.prefix)
            kept.close()
    told = [f"{name}: another process finds {page}" for name, page in found.items()]
    return "; ".join(told) + "."


def pub_sub() -> str:
    """Publish two messages, one of them while the listener is connecting again."""
    import redis

    from kettle.redis_server import open_redis

    heard = []
    with open_redis() as server, redis.Redis.from_url(server.url) as store:
        channel = f"{server.prefix}forget"

        def listen(listener) -> None:
            end = time.monotonic() + 2
            while time.monotonic() < end:
                message = listener.get_message(timeout=0.2)
                if message and message["type"] == "message":
                    heard.append(message["data"].decode())
                    return
                if message is None and heard:
                    return

        for page in ("page 1", "page 2"):
            with store.pubsub() as listener:
                if page == "page 2":
                    store.publish(channel, page)  # nobody listens yet
                listener.subscribe(channel)
                listener.get_message(timeout=2)
                if page == "page 1":
                    store.publish(channel, page)
                listen(listener)
    return (
        f"Published: page 1, and page 2 while the listener was connecting again. Heard: {', '.join(heard)}."
    )


def delete_key() -> str:
    """Change a row; delete the key before the commit, or after it; somebody asks in between."""
    import redis
    from sqlalchemy import text

    from kettle.database import open_database
    from kettle.redis_server import open_redis

    told = []
    with (
        open_database(23, products=2) as database,
        open_redis() as server,
        redis.Redis.from_url(server.url, decode_responses=True) as store,
    ):
        engine, key = database.engine(), f"{server.prefix}stock"
        read = text("SELECT stock FROM products WHERE id = (SELECT min(id) FROM products)")
        write = text("UPDATE products SET stock = :stock WHERE id = (SELECT min(id) FROM products)")

        def ask() -> str:
            if store.get(key) is None:
                with engine.connect() as connection:
                    store.set(key, str(connection.execute(read).scalar_one()), ex=60)
            return str(store.get(key))

        for when, stock in (("before", 111), ("after", 222)):
            ask()
            with engine.begin() as connection:
                connection.execute(write, {"stock": stock})
                if when == "before":
                    store.delete(key)
                ask()
            if when == "after":
                store.delete(key)
            told.append(
                f"deleted {when} the commit: {'up to date' if ask() == str(stock) else 'out of date'}"
            )
    return f"{'; '.join(told)}."


MEASURES = {"backends": backends, "pub_sub": pub_sub, "delete_key": delete_key}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
