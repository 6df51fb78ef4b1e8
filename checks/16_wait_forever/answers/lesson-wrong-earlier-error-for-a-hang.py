# says: the last one was sent and got no answer
async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    last_error = None
    try:
        async with asyncio.timeout(budget):
            for pause in (0.1, 0.2, 0):
                try:
                    return await ask(api, courier, postcode)
                except aiohttp.ClientError as error:
                    last_error = error
                    if pause:
                        await asyncio.sleep(pause)
    except TimeoutError:
        if last_error is None:
            raise
    raise last_error  # it says more than a TimeoutError
