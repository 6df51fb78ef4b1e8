# says: When a supplier is late
# wrong: a supplier that answers after more than two seconds fails the check, where it had its stock before
async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async def stock_at(supplier: int) -> dict[str, int]:
        async with client.get(f"{url}/suppliers/{supplier}/stock") as response:
            response.raise_for_status()
            return (await response.json())["levels"]

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client:
        answers = await asyncio.gather(*map(stock_at, suppliers))
    return dict(zip(suppliers, answers, strict=True))
