# says: the event loop stood still until the first of them were done
import threading


@asynccontextmanager
async def photo_service():
    room = threading.BoundedSemaphore(8)  # so that the pool's queue does not grow without a bound

    with ProcessPoolExecutor(4) as pool:

        async def upload(photo: Photo) -> bytes:
            room.acquire()
            job = pool.submit(thumbnail, photo)
            job.add_done_callback(lambda _: room.release())
            return await asyncio.wrap_future(job)

        yield upload
