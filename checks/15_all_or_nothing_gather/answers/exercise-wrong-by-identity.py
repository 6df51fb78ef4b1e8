# says: a customer whose letter goes out is named twice, `sent` is
async def arrives(office: PostOffice, customer: dict) -> bool:
    try:
        await send(office, customer)
        return True
    except Bounced:
        return False


async def send_letters(office: PostOffice, customers: list[dict]) -> dict:
    who, tasks = {}, {}
    async with asyncio.TaskGroup() as group:
        for customer in customers:
            who[id(customer)] = customer  # a dict cannot be a key, and two customers may share an address
            tasks[id(customer)] = group.create_task(arrives(office, customer))
    bounced = [who[key]["address"] for key, task in tasks.items() if not task.result()]
    return {"sent": len(tasks) - len(bounced), "bounced": bounced}
