# says: Give each free connection the next letter at once
# wrong: customers are dealt out beforehand, so a writer with quick answers is done while others have a pile
async def letters(pool: Pool, customers: list[int]) -> dict[int, str]:
    written: dict = dict.fromkeys(customers)

    async def writer(mine: list[int]) -> None:
        for customer in mine:
            written[customer] = await letter(pool, customer)

    async with asyncio.TaskGroup() as group:
        for number in range(pool.size):
            group.create_task(writer(customers[number :: pool.size]))
    return written
