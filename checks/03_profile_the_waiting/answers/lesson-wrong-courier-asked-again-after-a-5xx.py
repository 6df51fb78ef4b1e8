# says: When the call for the courier gets a 503 once
waits_for = {"A": "service", "B": "gil", "C": "lock", "D": "pool"}


async def quote(api, postcode):
    path = f"/couriers/{COURIER}/quote"
    try:
        return await get(api, path, postcode=postcode)
    except aiohttp.ClientResponseError as error:
        if error.status < 500:
            raise
    # The whole page hangs on this one answer now, so it gets a second chance.
    return await get(api, path, postcode=postcode)


async def orders_page(api: aiohttp.ClientSession, customer: int, postcode: str) -> list[dict]:
    orders = await get(api, f"/customers/{customer}/orders")
    courier = await quote(api, postcode)
    page = []
    for order in orders:
        product = await get(api, f"/products/{order['lines'][0]['sku']}")
        price = order["total"] + courier["price"]
        page.append({"order": order["id"], "first": product["name"], "price": price, "days": courier["days"]})
    return page
