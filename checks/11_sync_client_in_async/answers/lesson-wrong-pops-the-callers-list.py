# says: your code changes its argument
async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    levels = {}
    async with aiohttp.ClientSession() as client:

        async def worker() -> None:
            while suppliers:
                supplier = suppliers.pop()
                async with client.get(f"{url}/suppliers/{supplier}/stock") as response:
                    response.raise_for_status()
                    levels[supplier] = (await response.json())["levels"]

        await asyncio.gather(*(worker() for _ in range(12)))
    return levels
