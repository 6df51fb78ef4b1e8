# gather of orders and alerts is started before the profile is awaited
async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    path = f"/customers/{customer}"
    both = asyncio.gather(get(api, path + "/orders"), get(api, path + "/alerts"))
    try:
        profile = await get(api, path)
        address = await get(api, f"/addresses/{profile['address']}")
    except BaseException:
        both.cancel()
        raise
    orders, alerts = await both
    return dict(name=profile["name"], orders=orders, alerts=alerts, ship_to=address)
