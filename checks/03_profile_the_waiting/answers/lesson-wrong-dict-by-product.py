# says: When two orders begin with the same product
waits_for = {"A": "service", "B": "gil", "C": "lock", "D": "pool"}


async def orders_page(api: aiohttp.ClientSession, customer: int, postcode: str) -> list[dict]:
    orders = await get(api, f"/customers/{customer}/orders")
    courier = await get(api, f"/couriers/{COURIER}/quote", postcode=postcode)
    by_sku = {order["lines"][0]["sku"]: order for order in orders}
    page = []
    for sku, order in by_sku.items():
        product = await get(api, f"/products/{sku}")
        price = order["total"] + courier["price"]
        page.append({"order": order["id"], "first": product["name"], "price": price, "days": courier["days"]})
    return page
