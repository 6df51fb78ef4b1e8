"""Jobs in plain Python that run under any interpreter: prints seconds by job as JSON."""

import json
import random
import time

from plain import collatz, halving, scan

chance = random.Random(9)
bounds = sorted(chance.randrange(1_000, 500_000) for _ in range(500))
permille = [step * 400 // 500 for step in range(501)]
tape = b"".join(chance.randrange(100, 600_000).to_bytes(4, "little") for _ in range(200_000))
orders = [{"id": n, "name": "tea", "lines": [n, n + 1], "paid": True} for n in range(20_000)]
text = json.dumps(orders)


def objects():
    """Make many small objects and look them up."""
    return sum(len(str(n)) for n in {n: [n] for n in range(200_000)})


JOBS = {
    "halving": lambda: halving(tape, bounds, permille),
    "a scan": lambda: scan(tape[:40_000], bounds, permille),
    "arithmetic": lambda: collatz(20_000),
    "many small objects": objects,
    "json.loads": lambda: json.loads(text),
    "json.dumps": lambda: json.dumps(orders),
}
took = {}
for name, job in JOBS.items():
    times = []
    for _ in range(7):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    took[name] = min(times)
    if name in ("halving", "json.loads"):
        took[f"{name} in its first run"] = times[0]
print(json.dumps(took))
