# says: only a few may have at once
waits_for = {"A": "service", "B": "gil", "C": "lock", "D": "pool"}

at_once = asyncio.Semaphore(8)  # do not flood the product service


async def first_name(api, order):
    async with at_once:
        return (await get(api, f"/products/{order['lines'][0]['sku']}"))["name"]


async def orders_page(api: aiohttp.ClientSession, customer: int, postcode: str) -> list[dict]:
    orders = await get(api, f"/customers/{customer}/orders")
    courier, *names = await asyncio.gather(
        get(api, f"/couriers/{COURIER}/quote", postcode=postcode),
        *(first_name(api, order) for order in orders),
    )
    return [
        {"order": order["id"], "first": name, "price": order["total"] + courier["price"], "days": courier["days"]}
        for order, name in zip(orders, names)
    ]
