# says: When a supplier's answer has no levels
# wrong: only aiohttp's errors are raised; a TimeoutError, or the KeyError of an answer without "levels", stands on the board as if it were the stock; breaks "if a call fails, so does the board"
async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    # let all calls finish, so that nothing is left running, then complain
    answers = await asyncio.gather(*(stock_at(api, s) for s in suppliers), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, aiohttp.ClientError):
            raise answer
    return dict(zip(suppliers, answers, strict=True))
