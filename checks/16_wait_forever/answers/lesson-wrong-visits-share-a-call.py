# says: Which visits share one?
_in_flight = {}


async def _tries(api, courier, postcode):
    for pause in (0.1, 0.2):
        try:
            return await ask(api, courier, postcode)
        except aiohttp.ClientError:
            await asyncio.sleep(pause)
    return await ask(api, courier, postcode)


async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    key = courier, postcode
    if key not in _in_flight:
        task = asyncio.create_task(_tries(api, courier, postcode))
        _in_flight[key] = [task, 0]
        task.add_done_callback(lambda _: _in_flight.pop(key, None))
    shared = _in_flight[key]
    shared[1] += 1
    try:
        async with asyncio.timeout(budget):
            return dict(await asyncio.shield(shared[0]))
    finally:
        shared[1] -= 1
        if not shared[1] and not shared[0].done():  # the last who waited
            _in_flight.pop(key, None)
            shared[0].cancel()
            await asyncio.wait({shared[0]})
