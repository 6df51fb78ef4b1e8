# right: what is left of one deadline, read from time.monotonic
from time import monotonic


async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    deadline = monotonic() + budget

    def left():
        return asyncio.timeout(max(0.0, deadline - monotonic()))

    for pause in (0.1, 0.2):
        try:
            async with left():
                return await ask(api, courier, postcode)
        except aiohttp.ClientError:
            async with left():
                await asyncio.sleep(pause)
    async with left():
        return await ask(api, courier, postcode)
