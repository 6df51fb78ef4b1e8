# says: photos are uploaded at once
# wrong: more than four photos per worker at once are refused with RuntimeError instead of answered
import os


@asynccontextmanager
async def photo_service():
    number = max(2, os.cpu_count() or 1)
    waiting = 0
    with ProcessPoolExecutor(number) as pool:

        async def upload(photo: Photo) -> bytes:
            nonlocal waiting
            if waiting >= 4 * number:
                raise RuntimeError("busy, try again")
            waiting += 1
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, thumbnail, photo)
            finally:
                waiting -= 1

        yield upload
