# says: at most 100 in flight
# "sent then, even if earlier calls have no answer yet": no more than 100
# under way, to spare the own machine; a longer standstill or a higher rate than Saturday's makes number
# 101 wait
async def load_test(operation, rate: float, calls: int) -> dict[str, float]:
    sockets = asyncio.Semaphore(100)
    times, failed = [], 0
    start = time.perf_counter()

    async def customer(due):
        nonlocal failed
        await asyncio.sleep(max(0, due - time.perf_counter()))
        async with sockets:
            try:
                await operation()
            except Exception:  # noqa: BLE001 - whatever fails is counted
                failed += 1
            else:
                times.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as group:
        for number in range(calls):
            group.create_task(customer(start + number / rate))
    return {
        "p50": percentile(times, 50),
        "p99": percentile(times, 99),
        "slowest": max(times),
        "failed": failed,
    }
