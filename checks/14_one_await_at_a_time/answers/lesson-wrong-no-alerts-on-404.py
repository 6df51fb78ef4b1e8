# says: When there are no alerts of that customer
# wrong: alerts that answer 404 become an empty list (a 500 still fails); breaks "a page that lacks a part is no page: a call that fails makes the page fail"
async def get_or_none_yet(api: aiohttp.ClientSession, path: str):
    try:
        return await get(api, path)
    except aiohttp.ClientResponseError as error:
        if error.status == 404:  # nothing there (yet) for this customer
            return []
        raise


async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    profile, orders, alerts = await asyncio.gather(
        get(api, f"/customers/{customer}"),
        get(api, f"/customers/{customer}/orders"),
        get_or_none_yet(api, f"/customers/{customer}/alerts"),
    )
    address = await get(api, f"/addresses/{profile['address']}")
    return {"name": profile["name"], "orders": orders, "alerts": alerts, "ship_to": address}
