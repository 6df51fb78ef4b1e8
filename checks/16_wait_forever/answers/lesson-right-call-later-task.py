# right: the task is cancelled, and waited for
async def tries(api, courier, postcode):
    for pause in (0.1, 0.2):
        try:
            return await ask(api, courier, postcode)
        except aiohttp.ClientError:
            await asyncio.sleep(pause)
    return await ask(api, courier, postcode)


async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    task = asyncio.create_task(tries(api, courier, postcode))
    try:
        done, _ = await asyncio.wait({task}, timeout=budget)
    finally:
        task.cancel()
    if not done:
        await asyncio.wait({task})
        raise TimeoutError
    return task.result()
