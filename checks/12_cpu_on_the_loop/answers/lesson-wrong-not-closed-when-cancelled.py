# says: The service was cancelled, and
@asynccontextmanager
async def photo_service():
    loop = asyncio.get_running_loop()
    pool = ProcessPoolExecutor()

    async def upload(photo: Photo) -> bytes:
        return await loop.run_in_executor(pool, thumbnail, photo)

    try:
        yield upload
    except Exception:
        pool.shutdown(cancel_futures=True)  # nobody waits for the rest
        raise
    else:
        pool.shutdown()
