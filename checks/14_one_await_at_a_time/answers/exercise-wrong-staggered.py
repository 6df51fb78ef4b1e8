# says: waited by the clock
# wrong: starts are 30 ms apart, politely: with a fifth of a second per answer the eighth is asked after the first has answered
async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async def ask(place: int, supplier: int) -> dict[str, int]:
        await asyncio.sleep(0.03 * place)
        return await stock_at(api, supplier)

    answers = await asyncio.gather(*(ask(*each) for each in enumerate(suppliers)))
    return dict(zip(suppliers, answers, strict=True))
