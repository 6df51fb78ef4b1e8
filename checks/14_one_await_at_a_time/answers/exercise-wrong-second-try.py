# says: the caller does not hear of the failure
# a failed call is sent again, so a supplier is asked twice and a failure does not fail the board
async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async def surely(supplier: int) -> dict[str, int]:
        try:
            return await stock_at(api, supplier)
        except aiohttp.ClientError:
            return await stock_at(api, supplier)

    answers = await asyncio.gather(*(surely(supplier) for supplier in suppliers))
    return dict(zip(suppliers, answers, strict=True))
