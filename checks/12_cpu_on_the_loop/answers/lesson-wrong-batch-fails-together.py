# says: beside a damaged one, expected a result
# uploads that come together go to the pool as one batch, and a damaged photo makes all of the batch fail
@asynccontextmanager
async def photo_service():
    loop = asyncio.get_running_loop()
    waiting: list[tuple[Photo, asyncio.Future]] = []
    under_way: set[asyncio.Task] = set()
    with ProcessPoolExecutor() as pool:

        async def flush() -> None:
            await asyncio.sleep(0.005)
            batch = waiting.copy()
            waiting.clear()
            try:
                made = await asyncio.gather(*(loop.run_in_executor(pool, thumbnail, p) for p, _ in batch))
            except Exception as error:
                for _, answer in batch:
                    answer.set_exception(error)
            else:
                for (_, answer), one in zip(batch, made, strict=True):
                    answer.set_result(one)

        async def upload(photo: Photo) -> bytes:
            answer = loop.create_future()
            waiting.append((photo, answer))
            if len(waiting) == 1:
                task = asyncio.create_task(flush())
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            return await answer

        yield upload
