# says: wait for the answer, however late it is
waits_for = {"A": "service", "B": "gil", "C": "lock", "D": "pool"}


async def orders_page(api: aiohttp.ClientSession, customer: int, postcode: str) -> list[dict]:
    orders = await get(api, f"/customers/{customer}/orders")
    try:
        courier = await asyncio.wait_for(get(api, f"/couriers/{COURIER}/quote", postcode=postcode), 1)
    except TimeoutError:
        courier = {"price": 0, "days": None}
    page = []
    for order in orders:
        product = await get(api, f"/products/{order['lines'][0]['sku']}")
        price = order["total"] + courier["price"]
        page.append({"order": order["id"], "first": product["name"], "price": price, "days": courier["days"]})
    return page
