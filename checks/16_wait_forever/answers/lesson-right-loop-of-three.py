# right: a loop over three pauses, the last of which is None
async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    async with asyncio.timeout(budget):
        for pause in (0.1, 0.2, None):
            try:
                return await ask(api, courier, postcode)
            except aiohttp.ClientError:
                if pause is None:
                    raise
            await asyncio.sleep(pause)
