# says: started again, and a look-up raised
def session_of(app: App) -> aiohttp.ClientSession:
    if not hasattr(app, "session"):
        app.session = aiohttp.ClientSession(app.office, connector=aiohttp.TCPConnector(limit=20))
    return app.session


@asynccontextmanager
async def lifespan(app: App):
    try:
        yield
    finally:
        if hasattr(app, "session"):
            await app.session.close()


async def tax_of(app: App, country: str) -> int:
    async with session_of(app).get(f"/tax/{country}") as response:
        response.raise_for_status()
        return (await response.json())["percent"]
