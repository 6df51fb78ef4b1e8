# says: The failed calls are among the times
# a failed call's wait is among the times
async def load_test(operation, rate: float, calls: int) -> dict[str, float]:
    times, failed = [], 0

    async def customer(due):
        nonlocal failed
        try:
            await operation()
        except Exception:
            failed += 1
        finally:
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
