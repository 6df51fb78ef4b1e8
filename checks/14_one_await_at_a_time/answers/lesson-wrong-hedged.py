# says: the shop is asked for `/customers/
# a call that is late is sent a second time, so the shop is asked more than once for a part
async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    async def hedged(path: str):
        first = asyncio.create_task(get(api, path))
        done, _ = await asyncio.wait([first], timeout=0.25)
        if done:
            return first.result()
        second = asyncio.create_task(get(api, path))
        done, pending = await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return done.pop().result()

    profile, orders, alerts = await asyncio.gather(
        hedged(f"/customers/{customer}"),
        hedged(f"/customers/{customer}/orders"),
        hedged(f"/customers/{customer}/alerts"),
    )
    address = await hedged(f"/addresses/{profile['address']}")
    return {"name": profile["name"], "orders": orders, "alerts": alerts, "ship_to": address}
