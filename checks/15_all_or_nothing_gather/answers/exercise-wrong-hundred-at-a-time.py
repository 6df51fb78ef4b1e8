# says: 100 are under way at once
async def send_letters(office: PostOffice, customers: list[dict]) -> dict:
    counter = asyncio.Semaphore(100)  # be kind to the post office

    async def arrives(customer: dict) -> bool:
        async with counter:
            try:
                await send(office, customer)
            except Bounced:
                return False
            return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(arrives(customer)) for customer in customers]
    arrived = [task.result() for task in tasks]
    return {
        "sent": arrived.count(True),
        "bounced": [customer["address"] for customer, ok in zip(customers, arrived) if not ok],
    }
