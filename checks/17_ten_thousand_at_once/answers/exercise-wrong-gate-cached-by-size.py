# says: of one event loop is used in another
# wrong: "while there are letters to write all of its connections are in use": one gate for each size, kept for ever; two pools of the same size in use at once share one gate, and each has about half of its connections idle
from functools import lru_cache


@lru_cache(maxsize=None)
def gate_of(size: int) -> asyncio.Semaphore:
    # one for all evenings that run at once, or each would let size letters through
    return asyncio.Semaphore(size)


async def letters(pool: Pool, customers: list[int]) -> dict[int, str]:
    async def one(customer: int) -> str:
        async with gate_of(pool.size):
            return await letter(pool, customer)

    async with asyncio.TaskGroup() as group:
        tasks = {customer: group.create_task(one(customer)) for customer in customers}
    return {customer: task.result() for customer, task in tasks.items()}
