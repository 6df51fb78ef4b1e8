# says: of one event loop is used in another
gate = asyncio.Semaphore(20)


@asynccontextmanager
async def lifespan(app: App):
    async with aiohttp.ClientSession(app.office) as app.session:
        yield


async def tax_of(app: App, country: str) -> int:
    async with gate, app.session.get(f"/tax/{country}") as response:
        response.raise_for_status()
        return (await response.json())["percent"]
