# says: When two orders begin with the same product, the answer has the right entries in the wrong order
waits_for = {"A": "service", "B": "gil", "C": "lock", "D": "pool"}


async def orders_page(api: aiohttp.ClientSession, customer: int, postcode: str) -> list[dict]:
    orders = await get(api, f"/customers/{customer}/orders")
    courier = await get(api, f"/couriers/{COURIER}/quote", postcode=postcode)
    with_product: dict = {}
    for order in orders:
        with_product.setdefault(order["lines"][0]["sku"], []).append(order)
    page = []
    for sku, its_orders in with_product.items():
        product = await get(api, f"/products/{sku}")  # each product once
        for order in its_orders:
            price = order["total"] + courier["price"]
            page.append(
                {"order": order["id"], "first": product["name"], "price": price, "days": courier["days"]}
            )
    return page
