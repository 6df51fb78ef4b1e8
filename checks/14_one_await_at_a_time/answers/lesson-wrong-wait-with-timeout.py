# says: got 0 entries
# what is not there after 150 ms is given up and shown as nothing
async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    orders = asyncio.create_task(get(api, f"/customers/{customer}/orders"))
    alerts = asyncio.create_task(get(api, f"/customers/{customer}/alerts"))
    profile = await get(api, f"/customers/{customer}")
    address = await get(api, f"/addresses/{profile['address']}")
    done, late = await asyncio.wait([orders, alerts], timeout=0.15)
    for task in late:
        task.cancel()
    return {
        "name": profile["name"],
        "orders": orders.result() if orders in done else [],
        "alerts": alerts.result() if alerts in done else [],
        "ship_to": address,
    }
