# says: up to a whole second
async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + budget
    for pause in (0.1, 0.2, None):
        left = deadline - loop.time()
        if left <= 0:
            raise TimeoutError("no price within the budget")
        try:
            async with api.get(
                f"/couriers/{courier}/quote",
                params={"postcode": postcode},
                timeout=aiohttp.ClientTimeout(total=left),
            ) as response:
                response.raise_for_status()
                return await response.json()
        except aiohttp.ClientError:
            if pause is None or deadline - loop.time() <= pause:
                raise
            await asyncio.sleep(pause)
