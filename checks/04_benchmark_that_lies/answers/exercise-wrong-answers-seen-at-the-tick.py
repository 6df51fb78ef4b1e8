# says: Count from when the call was due
# "a call's time runs from when it was *due* until it is answered": the clock is read when the sender
# comes round to collect, at the next call's due time; 20 ms are reported as 25
async def load_test(operation, rate: float, calls: int) -> dict[str, float]:
    due_of, times, failed = {}, [], 0
    start = time.perf_counter()

    def collect(done):
        nonlocal failed
        now = time.perf_counter()
        for task in done:
            due = due_of.pop(task)
            if task.exception() is None:
                times.append(now - due)
            else:
                failed += 1

    for number in range(calls):
        due = start + number / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        collect([task for task in due_of if task.done()])
        due_of[asyncio.create_task(operation())] = due
    while due_of:
        done, _ = await asyncio.wait(due_of, return_when=asyncio.FIRST_COMPLETED)
        collect(done)
    return {
        "p50": percentile(times, 50),
        "p99": percentile(times, 99),
        "slowest": max(times),
        "failed": failed,
    }
