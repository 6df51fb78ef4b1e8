# says: were cancelled before they were answered
# whoever waits longer than a second is given up and counted as failed: the slow end is gone
async def load_test(operation, rate: float, calls: int) -> dict[str, float]:
    times, failed = [], 0

    async def customer(due):
        nonlocal failed
        try:
            await asyncio.wait_for(operation(), 1)
        except Exception:
            failed += 1
        else:
            times.append(time.perf_counter() - due)

    began, tasks = time.perf_counter(), []
    for number in range(calls):
        due = began + number / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(customer(due)))
    await asyncio.gather(*tasks)
    return {
        "p50": percentile(times, 50),
        "p99": percentile(times, 99),
        "slowest": max(times),
        "failed": failed,
    }
