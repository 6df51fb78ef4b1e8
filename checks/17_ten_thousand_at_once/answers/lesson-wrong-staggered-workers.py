# says: What do they wait for at the beginning?
# wrong: "while there is work, the supplier sees limit calls at once": the workers start one after the other, 50 ms apart, so for the first second there are fewer calls than places
async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    index = {}
    waiting = iter(list(items))

    async def work(number: int) -> None:
        await asyncio.sleep(0.05 * number)  # do not fall upon the supplier with all connections at once
        for item in waiting:
            try:
                index[item] = await fetch(api, item)
            except aiohttp.ClientError:
                index[item] = None

    await asyncio.gather(*(work(number) for number in range(limit)))
    return index
