# says: expected 3 calls
async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    async with asyncio.timeout(budget):
        for pause in (0.1, 0.2):
            try:
                return await ask(api, courier, postcode)
            except aiohttp.ClientResponseError as error:
                if error.status < 500:
                    raise  # our fault: to ask again does not help
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(pause)
        return await ask(api, courier, postcode)
