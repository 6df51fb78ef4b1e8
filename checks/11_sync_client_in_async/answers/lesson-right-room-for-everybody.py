room = asyncio.Semaphore(4)


async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async with aiohttp.ClientSession() as client:

        async def stock_at(supplier: int) -> dict[str, int]:
            async with room, client.get(f"{url}/suppliers/{supplier}/stock") as response:
                response.raise_for_status()
                return (await response.json())["levels"]

        answers = await asyncio.gather(*map(stock_at, suppliers))
    return dict(zip(suppliers, answers, strict=True))
