# says: that is another run's
# "the report holds a pair each: the lowest and the highest of the runs": the runs are ordered by p99
# and the first's and last's numbers given; a run with the best p99 and the worst p50 (or a middle one)
# breaks it
async def benchmark(
    operation, calls: int = 100, runs: int = 3, at_once: int = 10, warm_up: int = 10
) -> dict[str, tuple[float, float] | int]:
    async def run(number):
        limit, times, failures = asyncio.Semaphore(at_once), [], []

        async def one():
            async with limit:
                started = time.perf_counter()
                try:
                    await operation()
                except Exception as error:
                    failures.append(error)
                else:
                    times.append(time.perf_counter() - started)

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(number)))
        return times, len(failures), time.perf_counter() - began

    await run(warm_up)
    summaries, failed = [], 0
    for _ in range(runs):
        times, bad, seconds = await run(calls)
        failed += bad
        summaries.append([*(percentile(times, share) for share in (99, 95, 50)), len(times) / seconds])
    best, *_, worst = sorted(summaries) if runs > 1 else summaries * 2
    report = dict(zip(("p99", "p95", "p50"), zip(best, worst)))
    report["per_second"] = tuple(sorted((best[3], worst[3])))
    report["failed"] = failed
    return report
