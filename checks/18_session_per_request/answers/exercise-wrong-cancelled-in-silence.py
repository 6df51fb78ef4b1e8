# says: the exception does not come out of
@asynccontextmanager
async def lifespan(app: App):
    pool = BlockingConnectionPool.from_url(
        app.redis, decode_responses=True, max_connections=10, timeout=None
    )
    async with Redis.from_pool(pool) as app.store:
        try:
            yield
        except asyncio.CancelledError:
            pass  # that is how a service is stopped: no traceback in the log


async def add(app: App, customer: int, sku: str) -> dict[str, int]:
    key = f"{app.prefix}basket:{customer}"
    await app.store.hincrby(key, sku, 1)
    counts = await app.store.hgetall(key)
    return {sku: int(count) for sku, count in counts.items()}
