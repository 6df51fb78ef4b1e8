# says: no warning names `rating`
async def product_page(api: aiohttp.ClientSession, sku: str, country: str) -> dict:
    async def optional(name, part):
        try:
            return await part
        except DOWN as error:
            log.warning("a part is missing: %r", error)
            return None

    async with asyncio.TaskGroup() as group:
        product = group.create_task(get(api, f"/products/{sku}"))
        tax = group.create_task(get(api, f"/tax/{country}"))
        stars = group.create_task(optional("rating", rating(api, sku)))
        others = group.create_task(optional("related", related(api, sku)))
    product, tax = product.result(), tax.result()
    price = product["price"] * (100 + tax["percent"]) // 100
    return {"name": product["name"], "price": price, "rating": stars.result(), "related": others.result()}
