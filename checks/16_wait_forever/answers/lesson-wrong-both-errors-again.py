# says: 3 calls are made
async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    async with asyncio.timeout(budget):
        for pause in (0.1, 0.2):
            try:
                return await ask(api, courier, postcode)
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(pause)
        return await ask(api, courier, postcode)
