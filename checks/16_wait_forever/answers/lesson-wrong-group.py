# says: a group of errors
async def tries(api, courier, postcode):
    for pause in (0.1, 0.2):
        try:
            return await ask(api, courier, postcode)
        except aiohttp.ClientError:
            await asyncio.sleep(pause)
    return await ask(api, courier, postcode)


async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    async def late():
        await asyncio.sleep(budget)
        raise TimeoutError
    async with asyncio.TaskGroup() as group:
        clock = group.create_task(late())
        task = group.create_task(tries(api, courier, postcode))
        task.add_done_callback(lambda _: clock.cancel())
    return task.result()
