# says: damaged at its end
# wrong: whatever fails in the pool is tried again here: a damaged photo of 1200 pixels is computed by this process
@asynccontextmanager
async def photo_service():
    with ProcessPoolExecutor() as pool:

        async def upload(photo: Photo) -> bytes:
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, thumbnail, photo)
            except Exception:
                return thumbnail(photo)  # a clean traceback, or a pool that is broken

        yield upload
