# says: TimeoutError
# a call that is late is cut off, and the page fails where the merged code only took longer
async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    async with asyncio.timeout(0.5):
        profile, orders, alerts = await asyncio.gather(
            get(api, f"/customers/{customer}"),
            get(api, f"/customers/{customer}/orders"),
            get(api, f"/customers/{customer}/alerts"),
        )
        address = await get(api, f"/addresses/{profile['address']}")
    return {"name": profile["name"], "orders": orders, "alerts": alerts, "ship_to": address}
