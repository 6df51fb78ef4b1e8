# says: A failed click must not disturb the others
from redis.exceptions import RedisError


@asynccontextmanager
async def lifespan(app: App):
    pool = BlockingConnectionPool.from_url(
        app.redis, decode_responses=True, max_connections=10, timeout=None
    )
    async with Redis.from_pool(pool) as app.store:
        app.failed, app.closed_until = 0, 0.0
        yield


async def add(app: App, customer: int, sku: str) -> dict[str, int]:
    now = asyncio.get_running_loop().time()
    if now < app.closed_until:
        raise RedisError("the baskets have a rest")
    key = f"{app.prefix}basket:{customer}"
    try:
        await app.store.hincrby(key, sku, 1)
        counts = await app.store.hgetall(key)
    except RedisError:
        app.failed += 1
        if app.failed >= 3:  # don't beat a server that is down
            app.failed, app.closed_until = 0, now + 5
        raise
    app.failed = 0
    return {sku: int(count) for sku, count in counts.items()}
