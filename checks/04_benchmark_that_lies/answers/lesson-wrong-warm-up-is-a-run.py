# says: When all calls to warm up fail
# "a call that raises an `Exception` stops nothing": the warm-up is summed up like a run; if all its
# calls fail (a cold service), percentile of an empty list raises IndexError
async def _one_run(operation, calls, at_once):
    limit, times, failed = asyncio.Semaphore(at_once), [], 0

    async def one():
        nonlocal failed
        async with limit:
            started = time.perf_counter()
            try:
                await operation()
            except Exception:
                failed += 1
            else:
                times.append(time.perf_counter() - started)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(calls)))
    seconds = time.perf_counter() - began
    return {
        "p50": percentile(times, 50),
        "p95": percentile(times, 95),
        "p99": percentile(times, 99),
        "per_second": len(times) / seconds,
        "failed": failed,
    }


async def benchmark(
    operation, calls: int = 100, runs: int = 3, at_once: int = 10, warm_up: int = 10
) -> dict[str, tuple[float, float] | int]:
    if warm_up:
        await _one_run(operation, warm_up, at_once)
    results = [await _one_run(operation, calls, at_once) for _ in range(runs)]
    report = {
        name: (min(result[name] for result in results), max(result[name] for result in results))
        for name in ("p50", "p95", "p99", "per_second")
    }
    report["failed"] = sum(result["failed"] for result in results)
    return report
