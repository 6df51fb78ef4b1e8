# says: is the time of a failed call in it?
# "a call that raises ... is counted in `failed`, ... and in no other number": the lap timer is not set
# anew after a failure, so its time is added to the lane's next answered call
async def benchmark(
    operation, calls: int = 100, runs: int = 3, at_once: int = 10, warm_up: int = 10
) -> dict[str, tuple[float, float] | int]:
    async def lane(tickets, laps):
        failed, last = 0, time.perf_counter()
        for _ in tickets:
            try:
                await operation()
            except Exception:
                failed += 1
                continue
            now = time.perf_counter()  # the end of this call is the beginning of the next: one reading each
            laps.append(now - last)
            last = now
        return failed

    async def run(number):
        tickets, laps = iter(range(number)), []
        began = time.perf_counter()
        failures = await asyncio.gather(*(lane(tickets, laps) for _ in range(at_once)))
        return laps, sum(failures), time.perf_counter() - began

    await run(warm_up)
    p50, p95, p99, rates, failed = [], [], [], [], 0
    for _ in range(runs):
        laps, bad, seconds = await run(calls)
        failed += bad
        p50.append(percentile(laps, 50))
        p95.append(percentile(laps, 95))
        p99.append(percentile(laps, 99))
        rates.append(len(laps) / seconds)
    return {
        "p50": (min(p50), max(p50)),
        "p95": (min(p95), max(p95)),
        "p99": (min(p99), max(p99)),
        "per_second": (min(rates), max(rates)),
        "failed": failed,
    }
