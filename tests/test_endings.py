"""How calls end: errors, cancellation that goes astray, what runs on."""

import asyncio

import pytest

from kettle.checking.causes import endings
from kettle.checking.causes.virtually import virtually
from kettle.checking.equivalence import Told

LEFT = asyncio.CancelledError


def ends(call, at=None):
    return virtually(lambda: endings.end_of(call(), at))


async def waits():
    await asyncio.sleep(10)


async def value():
    return 7


async def error():
    raise KeyError("x")


async def group():
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(error())


async def swallows():
    try:
        await waits()
    except LEFT:
        return "as if nothing were"


async def dawdles():
    try:
        await waits()
    except LEFT:
        await asyncio.sleep(1)
        raise


def judged(call, raises, at=None):
    endings.judge_end(ends(call, at), raises, "page", "Catch less.")


def test_what_ends_as_it_should_is_left_alone():
    assert ends(value).value == 7
    assert ends(dawdles, at=1).took == 2
    judged(error, KeyError)
    judged(group, KeyError)
    judged(waits, LEFT, at=1)


@pytest.mark.parametrize(
    ("call", "raises", "at", "says"),
    [
        (value, KeyError, None, "expected KeyError to reach the caller; your code returns 7. Catch less."),
        (error, OSError, None, "expected OSError to reach the caller; your code raised KeyError"),
        (swallows, LEFT, 1, "expected CancelledError to reach the caller; your code returns 'as if"),
        (dawdles, LEFT, 1, "ends only 1,000 ms after it was cancelled"),
    ],
)
def test_what_ends_otherwise_is_told(call, raises, at, says):
    with pytest.raises(Told) as told:
        judged(call, raises, at)
    assert says in str(told.value)


def test_what_never_ends_is_told():
    async def never():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Told, match="waits for something that never comes"):
        ends(never)


def test_what_runs_on_is_named():
    endings.judge_running(endings.End(), "page", [])
    with pytest.raises(Told, match=r"2 calls of it \(related, tax\) run on"):
        endings.judge_running(endings.End(), "page", ["tax", "related"])
    with pytest.raises(Told, match="1 task of it runs on"):
        endings.judge_running(endings.End(running=1), "page", [])
