"""A server that speaks Redis' protocol, this kernel's own, behind a network that can be watched.

from kettle.redis_server import open_redis

with open_redis(handshake=0.03, delay=0.005) as server:
    store = redis.asyncio.Redis.from_url(server.url)
    async with server.traffic() as traffic:
        await store.incr(f"{server.prefix}visits")
    print(traffic.connections, traffic.by_route)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kettle.redis_server.handle import NoRedis, RedisServer, open_redis, start_redis_ahead

__all__ = ["NoRedis", "RedisServer", "open_redis", "start_redis_ahead"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # on first use: the server's process is a module of this package too, and stays small
        return getattr(import_module("kettle.redis_server.handle"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
