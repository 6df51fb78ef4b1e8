# says: work on a copy
# wrong: the caller's list of customers is empty afterwards
async def letters(pool: Pool, customers: list[int]) -> dict[int, str]:
    written: dict = dict.fromkeys(customers)

    async def writer() -> None:
        while customers:
            customer = customers.pop(0)
            written[customer] = await letter(pool, customer)

    async with asyncio.TaskGroup() as group:
        for _ in range(pool.size):
            group.create_task(writer())
    return written
