# says: pools were opened
# wrong: opened lazily with an await between test and set: two first uploads at once open two pools, the service closes only one (garbage collection may end the other)
@asynccontextmanager
async def photo_service():
    pool = None

    async def upload(photo: Photo) -> bytes:
        nonlocal pool
        if pool is None:
            pool = await asyncio.to_thread(ProcessPoolExecutor)  # opening holds the loop, so not here
        return await asyncio.get_running_loop().run_in_executor(pool, thumbnail, photo)

    try:
        yield upload
    finally:
        if pool is not None:
            pool.shutdown()
