# says: There was time for another call
async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(budget) as clock:
        for pause in (0.1, 0.2, None):
            began = now()
            try:
                return await ask(api, courier, postcode)
            except aiohttp.ClientError:
                took = now() - began
                if pause is None or now() + pause + took > clock.when():
                    raise  # another try would not come in time anyway
            await asyncio.sleep(pause)
