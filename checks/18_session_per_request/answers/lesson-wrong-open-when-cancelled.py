# says: When the service was cancelled, connections of it stay open
@asynccontextmanager
async def lifespan(app: App):
    app.session = aiohttp.ClientSession(app.office, connector=aiohttp.TCPConnector(limit=20))
    try:
        yield
    except Exception:
        await app.session.close()
        raise
    else:
        await app.session.close()


async def tax_of(app: App, country: str) -> int:
    async with app.session.get(f"/tax/{country}") as response:
        response.raise_for_status()
        return (await response.json())["percent"]
