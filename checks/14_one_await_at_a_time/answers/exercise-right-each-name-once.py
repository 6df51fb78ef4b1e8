async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    names = list(dict.fromkeys(suppliers))
    answers = await asyncio.gather(*(stock_at(api, supplier) for supplier in names))
    return dict(zip(names, answers, strict=True))
