"""How calls end: errors, cancellation that goes astray, what runs on; and a post office with books."""

import asyncio
from pathlib import Path

import pytest

from kettle.checking.causes.virtually import virtually
from kettle.checking.checks import load_module
from kettle.checking.equivalence import Told

world = load_module(Path(__file__).parent, "world")
LEFT = asyncio.CancelledError


def ends(call, at=None):
    return virtually(lambda: world.end_of(call(), at))


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
    world.judge_end(ends(call, at), raises, "page", "Catch less.")


def test_what_ends_as_it_should_is_left_alone():
    assert ends(value).value == 7
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
    world.judge_running(world.End(), "page", [])
    with pytest.raises(Told, match=r"2 calls of it \(related, tax\) run on"):
        world.judge_running(world.End(), "page", ["tax", "related"])
    with pytest.raises(Told, match="1 task of it runs on"):
        world.judge_running(world.End(running=1), "page", [])


def test_the_office_delivers_and_keeps_books():
    class Bounced(Exception):
        pass

    async def letters():
        office = world.WatchedOffice()
        office.names["Bounced"] = Bounced
        office.unknown.add("2 Mill Lane")
        sent = (office.deliver(f"{number} Mill Lane", "") for number in (1, 2))
        found = await asyncio.gather(*sent, return_exceptions=True)
        return office, found

    office, found = virtually(letters)
    assert [type(each) for each in found] == [type(None), Bounced]
    assert office.books() == {"out": {"1 Mill Lane": 1}, "handed over": {"1 Mill Lane": 1, "2 Mill Lane": 1}}
    right = world.WatchedOffice()
    right.unknown.add("2 Mill Lane")
    report = right.right([{"address": "1 Mill Lane"}, {"address": "2 Mill Lane"}])
    assert report == {"sent": 1, "bounced": ["2 Mill Lane"]}
    assert right.books() == office.books()
