# says: Of 60 calls
# wrong: batches of 50 "not to be an attack": of 51 suppliers the last is asked when the others have answered
async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    levels = {}
    for start in range(0, len(suppliers), 50):
        some = suppliers[start : start + 50]
        levels.update(zip(some, await asyncio.gather(*(stock_at(api, s) for s in some)), strict=True))
    return levels
