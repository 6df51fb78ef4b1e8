# says: `alerts`: expected
# wrong: alerts that take longer than half a second are left out; breaks 'a call that fails makes the page fail, and one that is late makes it late'
async def alerts_or_none(api, customer):
    try:
        return await asyncio.wait_for(get(api, f"/customers/{customer}/alerts"), 0.5)
    except TimeoutError:
        return []


async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    profile, orders, alerts = await asyncio.gather(
        get(api, f"/customers/{customer}"),
        get(api, f"/customers/{customer}/orders"),
        alerts_or_none(api, customer),
    )
    address = await get(api, f"/addresses/{profile['address']}")
    return {"name": profile["name"], "orders": orders, "alerts": alerts, "ship_to": address}
