# says: an app starts while another one with its server ends
SHARED = {}  # (loop, office) -> [session, number of apps]


@asynccontextmanager
async def lifespan(app: App):
    key = asyncio.get_running_loop(), app.office
    if key not in SHARED:
        SHARED[key] = [aiohttp.ClientSession(app.office, connector=aiohttp.TCPConnector(limit=20)), 0]
    entry = SHARED[key]
    entry[1] += 1
    app.session = entry[0]
    try:
        yield
    finally:
        entry[1] -= 1
        if not entry[1]:
            await app.session.close()
            await asyncio.sleep(0.25)  # the aiohttp documentation: give the connections time to close
            SHARED.pop(key, None)


async def tax_of(app: App, country: str) -> int:
    async with app.session.get(f"/tax/{country}") as response:
        response.raise_for_status()
        return (await response.json())["percent"]
