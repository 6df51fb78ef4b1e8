# says: A price of 0 is an answer, too
waits_for = {"A": "service", "B": "gil", "C": "lock", "D": "pool"}


async def orders_page(api: aiohttp.ClientSession, customer: int, postcode: str) -> list[dict]:
    fee = days = 0
    page = []
    for order in await get(api, f"/customers/{customer}/orders"):
        product = await get(api, f"/products/{order['lines'][0]['sku']}")
        if not fee:
            courier = await get(api, f"/couriers/{COURIER}/quote", postcode=postcode)
            fee, days = courier["price"], courier["days"]
        page.append({"order": order["id"], "first": product["name"], "price": order["total"] + fee, "days": days})
    return page
