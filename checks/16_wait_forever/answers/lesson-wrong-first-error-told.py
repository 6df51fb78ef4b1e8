# says: expected the last call's error, status 502
async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    why = None
    async with asyncio.timeout(budget):
        for pause in (0.1, 0.2, None):
            try:
                return await ask(api, courier, postcode)
            except aiohttp.ClientError as error:
                why = why or error  # what went wrong first explains the rest
            if pause:
                await asyncio.sleep(pause)
    raise why
