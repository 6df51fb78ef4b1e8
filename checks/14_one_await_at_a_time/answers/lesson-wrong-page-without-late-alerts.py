# says: right for an earlier call
# wrong: when all else is there and the alerts are not, the page goes out with the alerts of the last visit or none
_last_alerts: dict[int, list] = {}


async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    alerts_task = asyncio.create_task(get(api, f"/customers/{customer}/alerts"))
    profile, orders = await asyncio.gather(
        get(api, f"/customers/{customer}"), get(api, f"/customers/{customer}/orders")
    )
    address = await get(api, f"/addresses/{profile['address']}")
    if alerts_task.done() or customer not in _last_alerts:
        _last_alerts[customer] = await alerts_task
    return {
        "name": profile["name"],
        "orders": orders,
        "alerts": _last_alerts[customer],
        "ship_to": address,
    }
