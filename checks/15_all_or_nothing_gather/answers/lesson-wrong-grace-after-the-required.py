# says: When only the related products take
# wrong: once product and tax are there, an optional part has another half second, then it is cut off: related that takes 0.9 s becomes None. Breaks "what is merely slow is waited for"
GRACE = 0.5  # seconds


async def optional(name, part):
    try:
        return await part
    except DOWN as error:
        log.warning("%s is missing: %r", name, error)
        return None


async def product_page(api: aiohttp.ClientSession, sku: str, country: str) -> dict:
    async with asyncio.TaskGroup() as group:
        required = [group.create_task(get(api, path)) for path in (f"/products/{sku}", f"/tax/{country}")]
        extras = {
            group.create_task(optional("rating", rating(api, sku))): "rating",
            group.create_task(optional("related", related(api, sku))): "related",
        }
        await asyncio.wait(required)
        _, late = await asyncio.wait(extras, timeout=GRACE)
        for task in late:
            log.warning("%s is missing: TimeoutError, too slow for this page", extras[task])
            task.cancel()
    product, tax = [task.result() for task in required]
    stars, others = [None if task in late else task.result() for task in extras]
    price = product["price"] * (100 + tax["percent"]) // 100
    return {"name": product["name"], "price": price, "rating": stars, "related": others}
