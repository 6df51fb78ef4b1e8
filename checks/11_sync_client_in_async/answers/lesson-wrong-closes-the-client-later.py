# says: a client session that it made is still open
# wrong: the client is closed by a task nobody awaits: when the check answers (or fails) the client is open and a task is under way. "what a check makes for itself, such as a client or a task, is closed or over when it answers; a client also when the check fails"
_closing = set()


async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    client = aiohttp.ClientSession(raise_for_status=True)

    async def stock_at(supplier: int) -> dict[str, int]:
        async with client.get(f"{url}/suppliers/{supplier}/stock") as response:
            return (await response.json())["levels"]

    try:
        answers = await asyncio.gather(*map(stock_at, suppliers))
        return dict(zip(suppliers, answers, strict=True))
    finally:
        # the caller need not wait for the goodbye; the set keeps the task from being collected
        goodbye = asyncio.create_task(client.close())
        _closing.add(goodbye)
        goodbye.add_done_callback(_closing.discard)
