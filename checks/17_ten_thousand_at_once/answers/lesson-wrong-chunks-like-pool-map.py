# says: was the work dealt out beforehand
# wrong: "while there is work, the supplier sees limit calls at once": workers take chunks (as multiprocessing's Pool.map does), so a worker with slow items keeps the rest of its chunk while others have nothing to do (from 8 * limit items on; below that a chunk is one item)
async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    index = {}
    size = max(1, len(items) // (4 * limit))
    chunks = iter([items[start : start + size] for start in range(0, len(items), size)])

    async def work() -> None:
        for chunk in chunks:
            for item in chunk:
                try:
                    index[item] = await fetch(api, item)
                except aiohttp.ClientError:
                    index[item] = None

    await asyncio.gather(*(work() for _ in range(limit)))
    return index
