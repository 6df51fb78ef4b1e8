# right: ten workers of the app share a pool of ten and take the clicks from a queue; they end with the app
@asynccontextmanager
async def lifespan(app: App):
    pool = BlockingConnectionPool.from_url(
        app.redis, decode_responses=True, max_connections=10, timeout=None
    )
    app.orders = asyncio.Queue()
    async with Redis.from_pool(pool) as store:
        workers = [asyncio.create_task(work(store, app.orders)) for _ in range(10)]
        try:
            yield
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


async def work(store: Redis, orders: asyncio.Queue) -> None:
    while True:
        key, sku, answer = await orders.get()
        try:
            await store.hincrby(key, sku, 1)
            counts = await store.hgetall(key)
            basket = {name: int(count) for name, count in counts.items()}
        except Exception as error:
            if not answer.done():
                answer.set_exception(error)
        else:
            if not answer.done():
                answer.set_result(basket)


async def add(app: App, customer: int, sku: str) -> dict[str, int]:
    answer = asyncio.get_running_loop().create_future()
    app.orders.put_nowait((f"{app.prefix}basket:{customer}", sku, answer))
    return await answer
