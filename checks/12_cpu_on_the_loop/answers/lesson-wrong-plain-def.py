# says: `create_task` wants a coroutine
@asynccontextmanager
async def photo_service():
    with ProcessPoolExecutor() as pool:

        def upload(photo: Photo):
            return asyncio.get_running_loop().run_in_executor(pool, thumbnail, photo)

        yield upload
