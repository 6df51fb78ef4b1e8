# says: the caller does not hear of the failure
async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async with aiohttp.ClientSession(raise_for_status=True) as client:

        async def ask(supplier: int) -> dict[str, int]:
            async with client.get(f"{url}/suppliers/{supplier}/stock") as response:
                return (await response.json())["levels"]

        async def stock_at(supplier: int) -> dict[str, int]:
            try:
                return await ask(supplier)
            except aiohttp.ClientError:
                return await ask(supplier)

        answers = await asyncio.gather(*map(stock_at, suppliers))
    return dict(zip(suppliers, answers, strict=True))
