# says: One app is answered by what belongs to the other one
class Baskets:
    open = {}  # (loop, address) -> Baskets

    def __init__(self, app: App):
        self.prefix = app.prefix
        self.users = 0
        pool = BlockingConnectionPool.from_url(
            app.redis, decode_responses=True, retry=AGAIN, max_connections=10, timeout=None
        )
        self.store = Redis.from_pool(pool)

    def key(self, customer: int) -> str:
        return f"{self.prefix}basket:{customer}"


@asynccontextmanager
async def lifespan(app: App):
    place = asyncio.get_running_loop(), app.redis
    if place not in Baskets.open:
        Baskets.open[place] = Baskets(app)
    app.baskets = Baskets.open[place]
    app.baskets.users += 1
    try:
        yield
    finally:
        app.baskets.users -= 1
        if not app.baskets.users:
            del Baskets.open[place]
            await app.baskets.store.aclose()


async def add(app: App, customer: int, sku: str) -> dict[str, int]:
    baskets = app.baskets
    await baskets.store.hincrby(baskets.key(customer), sku, 1)
    counts = await baskets.store.hgetall(baskets.key(customer))
    return {sku: int(count) for sku, count in counts.items()}
