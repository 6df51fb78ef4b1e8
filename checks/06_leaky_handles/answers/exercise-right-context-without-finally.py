# right: aiohttp gives the connection back itself where a status or a body fails
from contextlib import asynccontextmanager


@asynccontextmanager
async def asked(api, path):
    response = await api.get(path)
    yield response
    response.release()


async def refresh(api: aiohttp.ClientSession, supplier: int, mirror: Mirror) -> bool:

    async with asked(api, f"/suppliers/{supplier}/stock") as response:
        mirror.answers.append(response)
        response.raise_for_status()
        version = response.headers["ETag"]
        if mirror.versions.get(supplier) == version:
            return False
        mirror.stock[supplier] = (await response.json())["levels"]
        mirror.versions[supplier] = version
        return True
