"""The night of discounts in one thread and in two, under any interpreter: prints wall times as JSON."""

import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from plain import halving

chance = random.Random(9)
bounds = sorted(chance.randrange(1_000, 500_000) for _ in range(500))
permille = [step * 400 // 500 for step in range(501)]
tape = b"".join(chance.randrange(100, 600_000).to_bytes(4, "little") for _ in range(200_000))
HALF = len(tape) // 2
halves = tape[:HALF], tape[HALF:]


def in_one():
    return [discount for half in halves for discount in halving(half, bounds, permille)]


def in_two(steps, parts):
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(halving, halves, steps, parts)
        return [discount for half in found for discount in half]


def copies(numbers):
    """Return the list twice, each time of numbers that no other thread has a reference to."""
    return json.loads(json.dumps([numbers, numbers]))


jobs = {
    "in one thread": in_one,
    "in two threads": partial(in_two, [bounds, bounds], [permille, permille]),
    "in two threads with bounds of their own": partial(in_two, copies(bounds), copies(permille)),
}
assert all(job() == in_one() for job in jobs.values())
times = {name: [] for name in jobs}
for _ in range(7):
    for name, job in jobs.items():
        start = time.perf_counter()
        job()
        times[name].append(time.perf_counter() - start)
took = {name: min(each) for name, each in times.items()}
print(json.dumps({"python": sys.version.split()[0], "took": took}))
