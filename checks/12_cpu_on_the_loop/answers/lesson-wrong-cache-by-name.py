# says: two of them of one name
# wrong: "answered with its own photo's thumbnail": two customers' tea.jpg share the first one's thumbnail.
@asynccontextmanager
async def photo_service():
    made: dict[str, bytes] = {}
    with ProcessPoolExecutor() as pool:

        async def upload(photo: Photo) -> bytes:
            if photo.name not in made:  # the same file is often sent twice
                made[photo.name] = await asyncio.get_running_loop().run_in_executor(pool, thumbnail, photo)
            return made[photo.name]

        yield upload
