# says: A job reports on its own letters
async def send_letters(office: PostOffice, customers: list[dict]) -> dict:
    before = len(office.delivered)  # the office may have been open before

    async def one(customer: dict) -> str | None:
        try:
            await send(office, customer)
        except Bounced:
            return customer["address"]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(customer)) for customer in customers]
    bounced = [task.result() for task in tasks if task.result() is not None]
    return {"sent": len(office.delivered) - before, "bounced": bounced}
