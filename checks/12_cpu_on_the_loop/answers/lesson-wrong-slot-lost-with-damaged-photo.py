# says: what does a damaged photo keep
# wrong: a damaged photo never gives its slot back; after as many as there are slots the service hangs
import os


@asynccontextmanager
async def photo_service():
    number = max(2, os.cpu_count() or 1)
    slots = asyncio.Semaphore(number)
    with ProcessPoolExecutor(number) as pool:

        async def upload(photo: Photo) -> bytes:
            await slots.acquire()
            made = await asyncio.get_running_loop().run_in_executor(pool, thumbnail, photo)
            slots.release()
            return made

        yield upload
