# says: holds what belongs to
# wrong: empty answers are filtered before the zip: after a supplier with no stock ({}) all stand with the next one's
async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    answers = await asyncio.gather(*(stock_at(api, supplier) for supplier in suppliers))
    return dict(zip(suppliers, filter(None, answers)))
