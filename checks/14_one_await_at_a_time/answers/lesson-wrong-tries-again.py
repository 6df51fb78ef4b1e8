# says: fails once
# wrong: a call that fails is asked a second time: not "each part once", and a failing call does not make the page fail
async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    async def ask(path: str):
        try:
            return await get(api, path)
        except aiohttp.ClientResponseError:
            return await get(api, path)

    profile, orders, alerts = await asyncio.gather(
        ask(f"/customers/{customer}"),
        ask(f"/customers/{customer}/orders"),
        ask(f"/customers/{customer}/alerts"),
    )
    address = await ask(f"/addresses/{profile['address']}")
    return {"name": profile["name"], "orders": orders, "alerts": alerts, "ship_to": address}
