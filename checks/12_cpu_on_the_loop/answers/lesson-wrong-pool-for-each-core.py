# says: pools were opened
# wrong: an executor of one process per core, taken in turn: not one pool, and a photo waits behind another while one is free
import itertools
import os
from contextlib import ExitStack


@asynccontextmanager
async def photo_service():
    with ExitStack() as stack:
        number = max(2, os.cpu_count() or 1)
        pools = itertools.cycle([stack.enter_context(ProcessPoolExecutor(1)) for _ in range(number)])

        async def upload(photo: Photo) -> bytes:
            return await asyncio.get_running_loop().run_in_executor(next(pools), thumbnail, photo)

        yield upload
