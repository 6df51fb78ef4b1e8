"""What code costs the processor: by thread, by step, and the least of some tries."""

import asyncio
import time

from kettle.checking.processor import TRIES, costs, cpu, fits, longest_step


def burn(seconds=0.03):
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        sum(range(100))


def test_processor_time_is_that_of_the_call():
    assert 0.03 <= cpu(burn) < 3
    assert cpu(time.sleep, 0.05) < 0.03


def test_threads_that_share_the_gil_are_counted():
    async def main():
        return await costs(lambda: asyncio.to_thread(burn)), await costs(lambda: asyncio.sleep(0.01))

    burnt, slept = asyncio.run(main())
    assert burnt >= 0.03 > slept


def test_a_step_counts_alone():
    async def in_two():
        burn()
        await asyncio.sleep(0)
        burn()

    async def in_one():
        burn()
        burn()

    async def main():
        return await longest_step(in_two), await longest_step(in_one)

    two, one = asyncio.run(main())
    assert 0.03 <= two < 0.06 <= one


def test_something_fits_if_it_does_once():
    measured = iter([5.0, 5.0, 1.0, 5.0])

    async def measure():
        return next(measured)

    async def never():
        tried.append(1)
        return 5.0

    tried = []
    assert asyncio.run(fits(measure, 2.0))
    assert not asyncio.run(fits(never, 2.0))
    assert len(tried) == TRIES
