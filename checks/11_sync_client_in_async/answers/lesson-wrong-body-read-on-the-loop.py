# says: waited on the event loop's own thread
# wrong: with stream=True only the head comes in the thread; a body that is late is waited for on the loop
async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async def stock_at(supplier: int) -> dict[str, int]:
        address = f"{url}/suppliers/{supplier}/stock"
        response = await asyncio.to_thread(requests.get, address, stream=True)
        with response:
            response.raise_for_status()
            return response.json()["levels"]

    answers = await asyncio.gather(*map(stock_at, suppliers))
    return dict(zip(suppliers, answers, strict=True))
