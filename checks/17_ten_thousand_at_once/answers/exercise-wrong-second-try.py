# says: does not hear of the failure
# a name that could not be had is asked for a second time, so an evening asks for it twice and an error may be hidden
async def letters(pool: Pool, customers: list[int]) -> dict[int, str]:
    gate = asyncio.Semaphore(pool.size)

    async def write(customer: int) -> str:
        async with gate:
            try:
                return await letter(pool, customer)
            except Exception:
                return await letter(pool, customer)

    async with asyncio.TaskGroup() as group:
        tasks = {customer: group.create_task(write(customer)) for customer in customers}
    return {customer: task.result() for customer, task in tasks.items()}
