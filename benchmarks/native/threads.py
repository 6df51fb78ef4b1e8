"""The night of discounts in one thread and in two, under any interpreter: prints wall times as JSON."""

import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from plain import halving

chance = random.Random(9)
bounds = sorted(chance.randrange(1_000, 500_000) for _ in range(500))
permille = [step * 400 // 500 for step in range(501)]
tape = b"".join(chance.randrange(100, 600_000).to_bytes(4, "little") for _ in range(200_000))
HALF = len(tape) // 2
halves = tape[:HALF], tape[HALF:]


def in_one():
    return [discount for half in halves for discount in halving(half, bounds, permille)]


def in_two():
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(halving, halves, [bounds] * 2, [permille] * 2)
        return [discount for half in found for discount in half]


assert in_one() == in_two()
times = {"in one thread": [], "in two threads": []}
for _ in range(7):
    for name, job in zip(times, (in_one, in_two), strict=True):
        start = time.perf_counter()
        job()
        times[name].append(time.perf_counter() - start)
took = {name: min(each) for name, each in times.items()}
print(json.dumps({"python": sys.version.split()[0], "took": took}))
