"""kettle.probes.memory tells peak and retained bytes of known loads."""

import asyncio
import gc
import tracemalloc
from functools import lru_cache

import pytest

from kettle.probes.memory import measure_memory, peak_bytes, retained_growth, unbounded_growth

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
    memory = measure_memory(fn)
    assert 5 * MB <= memory.peak < 5.1 * MB
    assert MB <= memory.held < 1.1 * MB
    assert abs(memory.retained) < 20_000


def test_a_list_against_a_generator():
    def by_list(n):
        return sum([i * i for i in range(n)])

    def by_generator(n):
        return sum(i * i for i in range(n))

    for size in (1_000, 8_000):
        assert peak_bytes(by_list, size) > 20 * size > 5 * peak_bytes(by_generator, size)
    assert peak_bytes(by_list, 4_000) == pytest.approx(peak_bytes(by_list, 4_000), rel=0.01)


def test_retained_is_what_somebody_still_holds():
    kept = []
    assert measure_memory(lambda: kept.append(bytearray(MB))).retained == pytest.approx(MB, rel=0.01)
    assert abs(measure_memory(bytearray, MB).retained) < 20_000


def test_a_cycle_is_in_the_peak_and_is_not_retained():
    memory = measure_memory(lambda: [Node() for _ in range(3)] and None)
    assert memory.peak >= 3 * MB
    assert memory.held >= 3 * MB
    assert abs(memory.retained) < 20_000


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
        grown = retained_growth(fed(cache))
        assert grown.per_item > 40
        assert grown.total > 50 * 20 * 40


def test_no_growth_where_the_cache_is_bounded():
    for cache in (lru_cache(100)(len), lru_cache(1)(len), len):
        assert retained_growth(fed(cache)).per_item == 0


def test_growth_is_followed_until_it_tells_enough():
    grown = retained_growth(fed(lru_cache(100)(len)), until=lambda growth: len(growth.counts) == 5)
    assert len(grown.steps) == len(grown.counts) == 5


def test_what_has_a_bound_rests_and_what_has_none_is_told():
    assert unbounded_growth(fed(lru_cache(100)(len))) is None
    assert unbounded_growth(fed(lru_cache(None)(len))).per_item > 40


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


def test_growth_of_a_coroutine_function():
    seen = []

    async def feed(step):
        await asyncio.sleep(0)
        seen.append(bytearray(1000))

    assert 1000 <= retained_growth(feed, 10).per_item < 1200


def test_everything_is_as_before_also_after_an_error():
    frozen = gc.get_freeze_count()
    with pytest.raises(ZeroDivisionError):
        measure_memory(lambda: 1 // 0)
    assert not tracemalloc.is_tracing()
    assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen
    tracemalloc.start()
    try:
        assert peak_bytes(bytearray, MB) >= MB
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_wrong_uses_say_so():
    with pytest.raises(ValueError, match="at least 4 steps"):
        retained_growth(fed(len), 3)


def test_they_read_well():
    told = repr(measure_memory(holds_and_drops))
    assert told.startswith("peak 5 MB, with the result 1 MB, retained ")
    assert "after 4 steps" in repr(retained_growth(fed(len), 4))
