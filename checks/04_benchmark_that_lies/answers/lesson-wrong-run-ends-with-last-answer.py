# says: They hold less than the run
# "divided by the seconds from its beginning to its end": the run's end is taken as the last *answer*;
# if the last call to end is one that fails slowly, the run looks shorter
from dataclasses import dataclass


@dataclass
class Call:
    started: float
    ended: float

    @property
    def wait(self):
        return self.ended - self.started


async def benchmark(
    operation, calls: int = 100, runs: int = 3, at_once: int = 10, warm_up: int = 10
) -> dict[str, tuple[float, float] | int]:
    async def lane(tickets):
        answered = []
        for _ in tickets:
            started = time.perf_counter()
            try:
                await operation()
            except Exception:
                continue
            answered.append(Call(started, time.perf_counter()))
        return answered

    async def run(number):
        tickets = iter(range(number))
        began = time.perf_counter()
        lanes = await asyncio.gather(*(lane(tickets) for _ in range(at_once)))
        return began, [call for lane in lanes for call in lane]

    await run(warm_up)
    columns, failed = {"p50": [], "p95": [], "p99": [], "per_second": []}, 0
    for _ in range(runs):
        began, answered = await run(calls)
        failed += calls - len(answered)
        waits = [call.wait for call in answered]
        for share in (50, 95, 99):
            columns[f"p{share}"].append(percentile(waits, share))
        columns["per_second"].append(len(answered) / (max(call.ended for call in answered) - began))
    return {name: (min(column), max(column)) for name, column in columns.items()} | {"failed": failed}
