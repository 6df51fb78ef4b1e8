# says: its place in the line is that among all calls
# "`p50`, `p95` and `p99` are percentiles ... of the answered calls": the place in the line is reckoned
# from all calls, so with 40 failed of 100 the p50 is the 50th of 60
async def benchmark(
    operation, calls: int = 100, runs: int = 3, at_once: int = 10, warm_up: int = 10
) -> dict[str, tuple[float, float] | int]:
    # the places are the same for each run, so they are worked out once
    places = {f"p{share}": math.ceil(share / 100 * calls) - 1 for share in (50, 95, 99)}

    async def lane(tickets, times):
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

    async def run(number):
        tickets, times = iter(range(number)), []
        began = time.perf_counter()
        failed = sum(await asyncio.gather(*(lane(tickets, times) for _ in range(at_once))))
        return sorted(times), failed, time.perf_counter() - began

    await run(warm_up)
    rows, failed = [], 0
    for _ in range(runs):
        times, bad, seconds = await run(calls)
        failed += bad
        row = {name: times[min(place, len(times) - 1)] for name, place in places.items()}
        rows.append(row | {"per_second": len(times) / seconds})
    report = {name: (min(row[name] for row in rows), max(row[name] for row in rows)) for name in rows[0]}
    report["failed"] = failed
    return report
