# says: What is done here when a pool breaks
from concurrent.futures.process import BrokenProcessPool


@asynccontextmanager
async def photo_service():
    with ProcessPoolExecutor() as pool:

        async def upload(photo: Photo) -> bytes:
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, thumbnail, photo)
            except BrokenProcessPool:  # the customer shall have the thumbnail all the same
                return await asyncio.to_thread(thumbnail, photo)

        yield upload
