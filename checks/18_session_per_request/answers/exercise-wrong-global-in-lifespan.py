# says: One app is answered by what belongs to the other one
store = None


@asynccontextmanager
async def lifespan(app: App):
    global store
    async with Redis.from_pool(BlockingConnectionPool.from_url(app.redis, decode_responses=True, retry=AGAIN, max_connections=10, timeout=None)) as store:
        yield


async def add(app: App, customer: int, sku: str) -> dict[str, int]:
    key = app.prefix + f"basket:{customer}"
    await store.hincrby(key, sku, 1)
    counts = await store.hgetall(key)
    return {sku: int(count) for sku, count in counts.items()}
