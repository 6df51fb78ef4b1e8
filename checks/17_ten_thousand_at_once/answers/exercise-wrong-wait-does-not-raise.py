# says: to reach the caller; your code raised KeyError
# wrong: "if a name cannot be had, the error reaches the caller": asyncio.wait does not raise what its tasks raise; the caller gets a KeyError for the missing letter instead of the error
async def letters(pool: Pool, customers: list[int]) -> dict[int, str]:
    written: dict[int, str] = {}
    waiting = iter(list(customers))

    async def writer() -> None:
        for customer in waiting:
            written[customer] = await letter(pool, customer)

    await asyncio.wait([asyncio.create_task(writer()) for _ in range(pool.size)])
    return {customer: written[customer] for customer in customers}
