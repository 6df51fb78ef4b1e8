# says: expected 2 times, got 1
@asynccontextmanager
async def lifespan(app: App):
    app.asking = {}
    connector = aiohttp.TCPConnector(limit=20)
    async with aiohttp.ClientSession(app.office, connector=connector) as app.session:
        yield


async def _ask(app: App, country: str) -> int:
    async with app.session.get(f"/tax/{country}") as response:
        response.raise_for_status()
        return (await response.json())["percent"]


async def tax_of(app: App, country: str) -> int:
    task = app.asking.get(country)
    if task is None:
        task = app.asking[country] = asyncio.create_task(_ask(app, country))
        task.add_done_callback(lambda _: app.asking.pop(country, None))
    return await task
