# says: calls in flight together, got 10
# the semaphore keeps the eleventh supplier waiting until one has answered
async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    limit = asyncio.Semaphore(10)

    async def polite(supplier: int) -> dict[str, int]:
        async with limit:
            return await stock_at(api, supplier)

    answers = await asyncio.gather(*(polite(supplier) for supplier in suppliers))
    return dict(zip(suppliers, answers, strict=True))
