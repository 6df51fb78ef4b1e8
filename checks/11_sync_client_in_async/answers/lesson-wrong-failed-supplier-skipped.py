# says: the caller does not hear of the failure
async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    levels = {}
    async with aiohttp.ClientSession() as client:

        async def stock_at(supplier: int) -> None:
            try:
                async with client.get(f"{url}/suppliers/{supplier}/stock") as response:
                    response.raise_for_status()
                    levels[supplier] = (await response.json())["levels"]
            except aiohttp.ClientError as error:
                print(f"supplier {supplier}: {error}")

        await asyncio.gather(*map(stock_at, suppliers))
    return {supplier: levels[supplier] for supplier in suppliers if supplier in levels}
