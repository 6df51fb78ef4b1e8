"""kettle.probes.memory tells peak and retained bytes of known loads."""

import asyncio
import gc
import tracemalloc
from functools import lru_cache

import pytest

from kettle.probes.memory import peak_bytes, unbounded_growth

MB = 1_000_000


class Node:
    def __init__(self):
        self.me, self.ballast = self, bytearray(MB)


def holds_and_drops():
    ballast = bytearray(5 * MB)
    del ballast
    return bytearray(MB)


async def holds_and_drops_async():
    await asyncio.sleep(0)
    return holds_and_drops()


@pytest.mark.parametrize("fn", [holds_and_drops, holds_and_drops_async])
def test_known_loads(fn):
    assert 5 * MB <= peak_bytes(fn) < 5.1 * MB


def test_a_list_against_a_generator():
    def by_list(n):
        return sum([i * i for i in range(n)])

    def by_generator(n):
        return sum(i * i for i in range(n))

    for size in (1_000, 8_000):
        assert peak_bytes(by_list, size) > 20 * size > 5 * peak_bytes(by_generator, size)
    assert peak_bytes(by_list, 4_000) == pytest.approx(peak_bytes(by_list, 4_000), rel=0.01)


def test_a_cycle_is_in_the_peak():
    assert peak_bytes(lambda: [Node() for _ in range(3)] and None) >= 3 * MB


def test_numpy_counts():
    numpy = pytest.importorskip("numpy")
    assert peak_bytes(lambda: numpy.ones(MB).sum()) >= 8 * MB


def fed(cache, batch=50):
    def feed(step):
        for number in range(batch):
            cache(f"{step:06}-{number:06}")
        return batch

    return feed


def test_growth_for_each_new_key_of_an_unbounded_cache():
    prices = {}

    def by_dict(key):
        return prices.setdefault(key, len(key) * 1.5)

    for cache in (by_dict, lru_cache(None)(len)):
        assert unbounded_growth(fed(cache)).per_item > 40


def test_no_growth_where_the_cache_is_bounded():
    for cache in (lru_cache(100)(len), lru_cache(1)(len), len):
        assert unbounded_growth(fed(cache)) is None


def test_a_list_of_all_keys_rests_now_and_then_and_has_no_bound():
    for before in range(0, 20_000, 500):  # its jumps fall into other steps
        for count in (2_000, 1_990, 1_333):
            asked = []
            asked += (None for _ in range(before))

            def feed(step, count=count, asked=asked):
                more = count - step % 2 * count // 3
                for _ in range(more):
                    asked.append(None)
                return more

            assert unbounded_growth(feed) is not None, (before, count)


def test_what_is_emptied_when_it_is_full_has_a_bound():
    for bound in (64, 1_000, 1_700, 1_900, 2_048, 4_096, 10_000):
        kept = {}

        def feed(step, bound=bound, kept=kept):
            count = 2_000 - step % 2 * 600
            for key in range(count):
                if len(kept) >= bound:
                    kept.clear()
                kept[step, key] = str(key)
            return count

        assert unbounded_growth(feed) is None, bound


def test_everything_is_as_before_also_after_an_error():
    frozen = gc.get_freeze_count()
    with pytest.raises(ZeroDivisionError):
        peak_bytes(lambda: 1 // 0)
    assert not tracemalloc.is_tracing()
    assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen
    tracemalloc.start()
    try:
        assert peak_bytes(bytearray, MB) >= MB
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()
