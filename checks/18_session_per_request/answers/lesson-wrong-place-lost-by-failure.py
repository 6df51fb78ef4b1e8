# says: the other one waits without end
@asynccontextmanager
async def lifespan(app: App):
    app.places = asyncio.Semaphore(20)
    async with aiohttp.ClientSession(app.office) as app.session:
        yield


async def tax_of(app: App, country: str) -> int:
    await app.places.acquire()
    async with app.session.get(f"/tax/{country}") as response:
        response.raise_for_status()
        percent = (await response.json())["percent"]
    app.places.release()
    return percent
