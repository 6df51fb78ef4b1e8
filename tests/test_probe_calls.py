"""kettle.probes.calls counts what it says, for every kind of callable, and leaves nothing behind."""

import asyncio
import contextlib
import functools
import inspect
import json
import math
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

from kettle.probes.calls import count_calls


def zone(postcode, country="AT"):
    return postcode[:2] + country


alias = zone
cached = functools.lru_cache(zone)


class Depot:
    def __init__(self, name="Graz", *, bays=4):
        self.name, self.bays = name, bays

    def reach(self, postcode):
        return postcode > self.name

    @classmethod
    def make(cls, name):
        return cls(name)

    @staticmethod
    def parse(text):
        return text.strip()

    @property
    def sign(self):
        return self.name.upper()


async def rate(country):
    await asyncio.sleep(0)
    return len(country)


def countdown(start):
    while start:
        sent = yield start
        start = sent if sent is not None else start - 1
    return "done"


async def ticker(stop):
    for number in range(stop):
        yield number


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def make_counter(step):
    total = 0

    def count(by=step):
        nonlocal total
        total += by
        return total

    return count


@pytest.mark.parametrize(
    "target",
    [f"{__name__}:zone", zone, (globals(), "zone"), (inspect.getmodule(zone), "zone")],
    ids=["string", "function", "namespace", "module"],
)
def test_every_way_to_name_a_function(target):
    code = zone.__code__
    with count_calls(target) as calls:
        assert [zone("1010"), zone("1020"), zone(postcode="1010", country="AT")] == ["10AT", "10AT", "10AT"]
    assert (calls.count, calls.distinct) == (3, 2)
    assert calls.arguments[0] == {"postcode": "1010", "country": "AT"}
    assert zone.__code__ is code
    zone("1030")
    assert calls.count == 3


def test_a_call_under_another_name_or_behind_a_cache_counts():
    with count_calls(zone) as calls:
        alias("1010")
        cached.cache_clear()
        for _ in range(5):
            cached("8010")
    assert (calls.count, calls.distinct) == (2, 2)


def test_a_call_through_the_cache_is_counted_apart_from_the_computation():
    cached.cache_clear()
    with count_calls(globals(), "cached") as calls, count_calls(zone) as computed:
        for _ in range(5):
            cached("8010")
        assert cached.cache_info().hits == 4
    assert (calls.count, computed.count) == (5, 1)
    assert type(cached).__name__ == "_lru_cache_wrapper"


@pytest.mark.parametrize(
    ("name", "use", "arguments"),
    [
        ("reach", lambda: Depot().reach("x"), {"postcode": "x"}),
        ("make", lambda: Depot.make("Linz"), {"name": "Linz"}),
        ("parse", lambda: Depot.parse(" a "), {"text": " a "}),
        ("sign", lambda: Depot().sign, {}),
    ],
)
def test_methods(name, use, arguments):
    before, value = inspect.getattr_static(Depot, name), use()
    with count_calls(Depot, name) as calls:
        again = use()
    assert calls.arguments == (arguments,)
    assert inspect.getattr_static(Depot, name) is before
    assert name == "make" or again == value


def test_a_method_of_an_object_counts_for_all_of_its_class():
    depot = Depot()
    for target in (depot.reach, (depot, "reach")):
        with count_calls(target) as calls:
            depot.reach("a"), Depot().reach("a")
        assert (calls.count, calls.distinct) == (2, 1)


class Bare:
    pass


class Weighed(float):
    pass


@pytest.mark.parametrize(
    ("cls", "arguments"), [(Depot, ("Wels",)), (Bare, ()), (Weighed, (2.5,)), (ThreadPoolExecutor, (1,))]
)
def test_constructions_of_a_class(cls, arguments):
    own = "__init__" in vars(cls)
    with count_calls(globals(), cls.__name__) as calls:
        made = cls(*arguments)
        assert isinstance(made, cls)
    assert calls.count == 1
    assert ("__init__" in vars(cls)) == own
    if cls is Bare:
        with count_calls(Bare), pytest.raises(TypeError):
            Bare("too much")


def test_functions_of_c_are_counted_in_every_module_that_holds_them():
    real, space = math.sqrt, {"root": math.sqrt}
    with count_calls("math:sqrt") as calls, count_calls(space, "root") as here:
        assert math.sqrt(4) == 2
        assert space["root"](9) == 3
    assert (math.sqrt, space["root"]) == (real, real)
    assert (calls.count, here.count) == (1, 1)


def test_coroutines_stay_coroutine_functions_and_count_when_they_start():
    async def main():
        assert inspect.iscoroutinefunction(rate)
        never = rate("DE")
        assert calls.count == 0
        never.close()
        return await asyncio.gather(*(rate(country) for country in ("AT", "IT", "AT")))

    with count_calls(rate) as calls:
        assert asyncio.run(main()) == [2, 2, 2]
    assert (calls.count, calls.distinct) == (3, 2)


def test_generators_keep_send_and_return():
    def outer():
        return (yield from countdown(5))

    with count_calls(countdown) as calls:
        running = countdown(3)
        assert (next(running), running.send(1)) == (3, 1)
        with pytest.raises(StopIteration, match="done"):
            next(running)
        assert list(outer()) == [5, 4, 3, 2, 1]
    assert calls.count == 2


def test_async_generators():
    async def main():
        return [number async for number in ticker(3)]

    with count_calls(ticker) as calls:
        assert asyncio.run(main()) == [0, 1, 2]
    assert calls.count == 1


@contextlib.asynccontextmanager
async def counter(log):
    try:
        yield log
    except ValueError as error:
        log.append(str(error))
    finally:
        log.append("closed")


def test_async_context_managers_still_get_the_error_of_their_body():
    async def main():
        async with counter([]) as log:
            raise ValueError("spilt")
        return log

    with count_calls(counter.__wrapped__) as calls:
        assert asyncio.run(main()) == ["spilt", "closed"]
    assert calls.count == 1


def test_recursion_is_exact_and_repeats():
    counts = []
    for _ in range(3):
        with count_calls(fib) as calls:
            fib(10)
        counts.append((calls.count, calls.distinct))
    assert counts == [(177, 11)] * 3


def test_closures_share_their_cells_with_the_original():
    count = make_counter(2)
    with count_calls(count) as calls:
        assert (count(), count(5)) == (2, 7)
    assert count() == 9
    assert calls.arguments == ({"by": 2}, {"by": 5})


def test_a_type_of_numpy_is_an_argument_like_any_other():
    import numpy as np

    with count_calls(np, "array") as calls:
        np.array([1, 2], dtype=np.int64)
        np.array([1, 2], dtype=np.int64)
        np.array([1, 2], dtype=np.float64)
    assert (calls.count, calls.distinct) == (3, 2)


def test_a_list_that_changes_later_is_known_by_its_value_then():
    basket = [1]
    with count_calls(zone) as calls:
        for extra in (1, 2):
            with pytest.raises(TypeError):
                zone(basket)
            basket.append(extra)
        with pytest.raises(TypeError):
            zone([1, 1])
    assert (calls.count, calls.distinct) == (3, 2)


def test_a_wrong_call_raises_as_before():
    with count_calls(zone) as calls, pytest.raises(TypeError, match="zone"):
        zone()
    assert calls.count == (1 if sys.version_info < (3, 12) else 0)  # its body never starts


def test_restored_when_the_body_raises():
    code = zone.__code__
    with pytest.raises(ZeroDivisionError), count_calls(zone):
        zone(1 / 0)
    assert zone.__code__ is code


def test_windows_overlap_in_any_order():
    code = zone.__code__
    first, second = count_calls(zone), count_calls(zone)
    one = first.__enter__()
    zone("1")
    two = second.__enter__()
    zone("2")
    first.__exit__(None, None, None)
    zone("3")
    second.__exit__(None, None, None)
    assert (one.count, two.count) == (2, 2)
    assert zone.__code__ is code


def test_threads_lose_no_call():
    start = threading.Barrier(8)

    def work(number):
        start.wait()
        for index in range(500):
            zone(f"{number}{index:04}")

    with count_calls(zone) as calls:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert (calls.count, calls.distinct) == (4000, 4000)


def test_python_functions_of_the_standard_library():
    with count_calls("json:dumps") as calls, count_calls("json.encoder:JSONEncoder") as built:
        json.dumps({"a": 1}), json.dumps([1], indent=2)
    assert (calls.count, built.count) == (2, 1)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("zone", LookupError),
        (f"{__name__}:nowhere", AttributeError),
        (({}, "zone"), KeyError),
        (({"zone": 3}, "zone"), TypeError),
        (len, TypeError),
        (dict, TypeError),
    ],
)
def test_what_cannot_be_counted_says_so(target, error):
    with pytest.raises(error), count_calls(target):
        pass


def test_it_reads_well():
    with count_calls(zone) as calls:
        zone("1010"), zone("1010")
    assert repr(calls) == "zone called 2 times with 1 distinct arguments"


def test_recursion_is_as_deep_as_it_is_without_a_probe():
    module = types.SimpleNamespace(down=lambda depth: depth and module.down(depth - 1))
    before, depth = sys.getrecursionlimit(), sys.getrecursionlimit() // 2
    with count_calls(module.down) as calls:
        assert module.down(depth) == 0
    assert calls.count == depth + 1
    assert sys.getrecursionlimit() == before


def test_a_generator_that_is_a_coroutine_stays_one():
    @types.coroutine
    def turn(number):
        yield
        return number

    async def wait():
        return await turn(7)

    with count_calls(turn) as calls:
        assert asyncio.run(wait()) == 7
    assert (calls.count, calls.arguments) == (1, ({"number": 7},))


def test_functions_of_one_factory_are_told_apart():
    def make():
        def inner():
            return 7

        return inner

    one, other = make(), make()
    with count_calls(one) as calls, count_calls(other) as others:
        one(), one(), other()
    assert (calls.count, others.count) == (2, 1)
