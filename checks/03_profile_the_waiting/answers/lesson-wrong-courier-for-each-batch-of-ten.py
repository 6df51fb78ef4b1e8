# says: asked 6 times for one page with 60 orders
waits_for = {"A": "service", "B": "gil", "C": "lock", "D": "pool"}


async def batch(api, orders, postcode):
    courier, *products = await asyncio.gather(
        get(api, f"/couriers/{COURIER}/quote", postcode=postcode),
        *(get(api, f"/products/{order['lines'][0]['sku']}") for order in orders),
    )
    return [
        {
            "order": order["id"],
            "first": product["name"],
            "price": order["total"] + courier["price"],
            "days": courier["days"],
        }
        for order, product in zip(orders, products)
    ]


async def orders_page(api: aiohttp.ClientSession, customer: int, postcode: str) -> list[dict]:
    orders = await get(api, f"/customers/{customer}/orders")
    page = []
    for start in range(0, len(orders), 10):
        page += await batch(api, orders[start : start + 10], postcode)
    return page
