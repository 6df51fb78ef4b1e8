# says: the other one was cancelled, too
@asynccontextmanager
async def photo_service():
    loop = asyncio.get_running_loop()
    under_way: dict[Photo, asyncio.Future] = {}

    with ProcessPoolExecutor() as pool:

        async def upload(photo: Photo) -> bytes:
            job = under_way.get(photo)
            if job is None:
                job = under_way[photo] = loop.run_in_executor(pool, thumbnail, photo)
                job.add_done_callback(lambda _: under_way.pop(photo, None))
            return await job

        yield upload
