"""watch_tasks: alive at once, left over, never retrieved."""

import asyncio

import pytest

from kettle.probes.tasks import watch_tasks


def watched(body):
    async def main():
        async with watch_tasks() as tasks:
            await body()
        return tasks

    return asyncio.run(main())


async def nap():
    await asyncio.sleep(0.001)


async def fails():
    raise KeyError("lost")


@pytest.mark.parametrize("n", [3, 40])
def test_all_at_once(n):
    async def everything():
        await asyncio.gather(*(nap() for _ in range(n)))

    tasks = watched(everything)
    assert (tasks.created, tasks.peak, tasks.alive, tasks.leftover) == (n, n, 0, ())


@pytest.mark.parametrize("limit", [1, 4])
def test_a_fixed_set_of_workers(limit):
    async def workers():
        work = iter(range(20))

        async def worker():
            for _ in work:
                await nap()

        async with asyncio.TaskGroup() as group:
            for _ in range(limit):
                group.create_task(worker())

    assert watched(workers).peak == limit


def test_one_after_the_other_is_one_at_once():
    async def sequence():
        for _ in range(5):
            await asyncio.create_task(nap())

    tasks = watched(sequence)
    assert (tasks.created, tasks.peak) == (5, 1)


def test_leftover_tasks_are_named():
    kept = []

    async def leaves():
        kept.append(asyncio.create_task(asyncio.sleep(60), name="forgotten"))
        kept.append(asyncio.create_task(asyncio.sleep(60)))
        ending = asyncio.create_task(nap())
        await asyncio.sleep(0)
        ending.cancel()

    assert sorted(watched(leaves).leftover) == ["forgotten", "sleep"]


def test_exceptions_nobody_retrieved():
    kept = []

    async def forgets():
        kept.append(asyncio.create_task(fails()))  # still held when the watch ends
        asyncio.create_task(fails())  # noqa: RUF006 (forgotten at once)
        await asyncio.sleep(0.01)

    assert watched(forgets).never_retrieved == ("KeyError('lost')",) * 2


def test_exceptions_somebody_retrieved():
    async def looks():
        await asyncio.gather(fails(), fails(), return_exceptions=True)
        with pytest.raises(KeyError):
            await asyncio.create_task(fails())

    assert watched(looks).never_retrieved == ()


def test_other_complaints_are_kept_apart():
    def breaks():
        raise ZeroDivisionError("in a callback")

    async def calls():
        asyncio.get_running_loop().call_soon(breaks)
        await asyncio.sleep(0.01)

    tasks = watched(calls)
    assert tasks.never_retrieved == ()
    assert "in a callback" in tasks.complaints[0]


def test_factory_and_handler_are_put_back():
    async def main():
        loop = asyncio.get_running_loop()
        made = []

        def factory(loop, coroutine, **kwargs):
            made.append(coroutine)
            return asyncio.Task(coroutine, loop=loop, **kwargs)

        loop.set_task_factory(factory)
        async with watch_tasks() as outer, watch_tasks() as inner:
            await asyncio.create_task(nap())
        assert len(made) == outer.created == inner.created == 1
        assert loop.get_task_factory() is factory
        assert loop.get_exception_handler() is None

    asyncio.run(main())
