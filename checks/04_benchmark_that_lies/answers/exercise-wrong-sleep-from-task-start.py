# says: is held up by its first call, it stands for
# "Should the load test itself be held up, it sends at once what is overdue": each sleeps n / rate from
# when its task gets going; if call 0 holds the loop for half a second before its first await, all
# others are sent half a second late
async def load_test(operation, rate: float, calls: int) -> dict[str, float]:
    began, times, failed = time.perf_counter(), [], 0

    async def customer(offset):
        nonlocal failed
        if offset:  # the first one is due at once
            await asyncio.sleep(offset)
        try:
            await operation()
        except Exception:  # noqa: BLE001 - whatever fails is counted
            failed += 1
        else:
            times.append(time.perf_counter() - (began + offset))

    await asyncio.gather(*(customer(number / rate) for number in range(calls)))
    return {
        "p50": percentile(times, 50),
        "p99": percentile(times, 99),
        "slowest": max(times),
        "failed": failed,
    }
