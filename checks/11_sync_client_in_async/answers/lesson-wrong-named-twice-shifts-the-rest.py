# says: When a supplier is named twice
# wrong: asks the distinct suppliers but zips with the list as given: [1, 1, 2] gives {1: the stock of 2}, and 2 is missing. "each supplier has its own stock"
async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async with aiohttp.ClientSession() as client:

        async def stock_at(supplier: int) -> dict[str, int]:
            async with client.get(f"{url}/suppliers/{supplier}/stock") as response:
                response.raise_for_status()
                return (await response.json())["levels"]

        wanted = dict.fromkeys(suppliers)  # nobody is asked twice
        answers = await asyncio.gather(*map(stock_at, wanted))
    return dict(zip(suppliers, answers))
