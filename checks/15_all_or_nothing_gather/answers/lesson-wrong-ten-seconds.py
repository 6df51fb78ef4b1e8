# says: What made it a failure?
async def optional(name: str, part):
    try:
        async with asyncio.timeout(10):  # a safety net, far above anything usual
            return await part
    except DOWN as error:
        log.warning("%s is missing: %r", name, error)
        return None


async def product_page(api: aiohttp.ClientSession, sku: str, country: str) -> dict:
    async with asyncio.TaskGroup() as group:
        a = group.create_task(get(api, f"/products/{sku}"))
        b = group.create_task(get(api, f"/tax/{country}"))
        c = group.create_task(optional("rating", rating(api, sku)))
        d = group.create_task(optional("related", related(api, sku)))
    product, tax, stars, others = a.result(), b.result(), c.result(), d.result()
    price = product["price"] * (100 + tax["percent"]) // 100
    return {"name": product["name"], "price": price, "rating": stars, "related": others}
