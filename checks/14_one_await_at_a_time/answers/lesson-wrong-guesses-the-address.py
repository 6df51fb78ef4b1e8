# says: is asked for `/addresses/
# wrong: asks for last visit's address at once and again if the profile names another: after a move one address too many; first visits: fine
_lived_at: dict[int, int] = {}


async def account_page(api: aiohttp.ClientSession, customer: int) -> dict:
    calls = [get(api, f"/customers/{customer}{part}") for part in ("", "/orders", "/alerts")]
    if (guess := _lived_at.get(customer)) is not None:
        calls.append(get(api, f"/addresses/{guess}"))
    profile, orders, alerts, *guessed = await asyncio.gather(*calls)
    if guessed and guess == profile["address"]:
        address = guessed[0]
    else:
        address = await get(api, f"/addresses/{profile['address']}")
        _lived_at[customer] = profile["address"]
    return {"name": profile["name"], "orders": orders, "alerts": alerts, "ship_to": address}
