# says: Give each free connection the next letter at once
# wrong: looks every 50 ms whether a place is free, so a free one stands idle until then ("a connection that becomes free is used at once")
async def letters(pool: Pool, customers: list[int]) -> dict[int, str]:
    in_use = 0

    async def polite(customer: int) -> str:
        nonlocal in_use
        while in_use >= pool.size:
            await asyncio.sleep(0.05)
        in_use += 1
        try:
            return await letter(pool, customer)
        finally:
            in_use -= 1

    async with asyncio.TaskGroup() as group:
        tasks = {customer: group.create_task(polite(customer)) for customer in customers}
    return {customer: task.result() for customer, task in tasks.items()}
