from kettle.lessons.larder_files import SOLUTION, Files

FLIGHTS = {}  # rankings that are being worked out


async def front_page(larder):
    async def ranking():
        kept = await larder.cache.get(larder.prefix + KEY)
        if kept is not None:
            return json.loads(kept)
        skus = [product["sku"] for product in await best_sellers(larder)]
        await larder.cache.set(larder.prefix + KEY, json.dumps(skus), ex=SECONDS)
        return skus

    key = asyncio.get_running_loop(), larder.prefix
    flight = FLIGHTS.get(key)
    if flight is None:
        flight = FLIGHTS[key] = asyncio.create_task(ranking())
        flight.add_done_callback(lambda _: FLIGHTS.pop(key, None))
    skus = await asyncio.shield(flight)

    now = select(Product.sku, Product.name, Product.price_cents).where(Product.sku.in_(skus))
    async with larder.engine.connect() as connection:
        products = {row["sku"]: dict(row) for row in (await connection.execute(now)).mappings()}
    return [products[sku] for sku in skus if sku in products]


async def change_prices(larder, percent):  # no price is kept, so nothing has to be deleted
    changed = Product.price_cents * (100 + percent) / 100
    async with larder.engine.begin() as connection:
        return (await connection.execute(update(Product).values(price_cents=func.round(changed)))).rowcount


files = Files(SOLUTION).replace(front_page, change_prices)


async def larder(what: str, *args):
    return await getattr(files, what)(*args)
