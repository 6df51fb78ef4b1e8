# says: leaves a client session open
# builds sessions from a private attribute of the caller's and leaves them open
async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    async def get_alone(path: str):
        return await get(aiohttp.ClientSession(api._base_url), path)

    async def person():
        profile = await get_alone(f"/customers/{customer}")
        return profile, await get_alone(f"/addresses/{profile['address']}")

    (profile, address), orders, alerts = await asyncio.gather(
        person(),
        get_alone(f"/customers/{customer}/orders"),
        get_alone(f"/customers/{customer}/alerts"),
    )
    return {"name": profile["name"], "orders": orders, "alerts": alerts, "ship_to": address}
