# says: a customer's number is 0
# wrong: `while customer := next(...)` stops at customer 0: whoever comes after (and 0 itself) is lost or fails
async def letters(pool: Pool, customers: list[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    waiting = iter(customers)

    async def writer() -> None:
        while customer := next(waiting, None):
            names[customer] = await letter(pool, customer)

    async with asyncio.TaskGroup() as group:
        for _ in range(pool.size):
            group.create_task(writer())
    return {customer: names[customer] for customer in customers if customer in names}
