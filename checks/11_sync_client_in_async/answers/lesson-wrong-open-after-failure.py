# says: leaves a client session open
async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    client = aiohttp.ClientSession()

    async def stock_at(supplier: int) -> dict[str, int]:
        async with client.get(f"{url}/suppliers/{supplier}/stock") as response:
            response.raise_for_status()
            return (await response.json())["levels"]

    answers = await asyncio.gather(*map(stock_at, suppliers))
    await client.close()
    return dict(zip(suppliers, answers, strict=True))
