# says: Set the limit where you make it
import httpx


@asynccontextmanager
async def lifespan(app: App):
    async with httpx.AsyncClient(base_url=app.office) as app.client:
        yield


async def tax_of(app: App, country: str) -> int:
    response = await app.client.get(f"/tax/{country}")
    return response.raise_for_status().json()["percent"]
