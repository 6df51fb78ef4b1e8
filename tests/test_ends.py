"""How calls end: errors, cancellation that goes astray, what runs on; and a post office with books."""

import asyncio

import pytest

from kettle.checking.causes.virtually import counted_shop, virtually
from kettle.checking.ends import End, end_of, judge_cancelled, judge_raised, judge_running
from kettle.checking.equivalence import Told
from kettle.checking.faults import Faults, all_of
from kettle.checking.post import WatchedOffice, post_office, seconds_to


def ends(call, at=None):
    return virtually(lambda: end_of(call(), lambda: "it stands still.", at))


def of_a_cell(source):
    """Define a function as a notebook's cell would."""
    names = {"asyncio": asyncio}
    exec(compile(source, "<ipython-input-1-abc>", "exec"), names)
    return names["call"]


async def waits():
    await asyncio.sleep(10)


def test_a_value_and_an_error_alone_and_in_a_group():
    async def value():
        return 7

    async def grouped():
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())

    async def fails():
        raise KeyError("stars")

    assert ends(value) == End(value=7)
    for call in (fails, grouped):
        assert ends(call).has(KeyError)
        assert not ends(call).has((ValueError, OSError))


def test_cancelled_at_once_is_in_order():
    end = ends(waits, at=3.0)
    assert end.has(asyncio.CancelledError)
    judge_cancelled(end, "page")


async def late():
    try:
        await waits()
    finally:
        await asyncio.sleep(2)


async def swallowed():
    try:
        await waits()
    except asyncio.CancelledError:
        return {"rating": None}


async def as_data():
    return {"price": 1, "rating": (await asyncio.gather(swallowed_part(), return_exceptions=True))[0]}


async def swallowed_part():
    raise asyncio.CancelledError


async def dressed_up():
    try:
        await waits()
    except asyncio.CancelledError as error:
        raise ValueError("nobody waits") from error


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (late, "ends only 2,000 ms later"),
        (swallowed, "the page returns {'rating': None} as if nothing had been cancelled"),
        (as_data, "`rating` of the page holds a CancelledError"),
        (dressed_up, "the page ends with ValueError: nobody waits"),
    ],
)
def test_cancellation_that_goes_astray_is_told(call, says):
    with pytest.raises(Told, match=says):
        judge_cancelled(ends(call, at=3.0 if call is not as_data else None), "page")


def test_an_error_has_to_reach_the_caller_alone_or_in_a_group():
    group = ExceptionGroup("of a TaskGroup", [KeyError("stars")])
    for error in (KeyError("stars"), group):
        judge_raised(End(error=error), KeyError, "page", "hidden.")
    with pytest.raises(Told, match=r"there is a page, \{'price': 0\}: hidden\."):
        judge_raised(End(value={"price": 0}), KeyError, "page", "hidden.")
    with pytest.raises(Told, match="the KeyError has to reach the caller, who gets TypeError: no price"):
        judge_raised(End(error=TypeError("no price")), KeyError, "page", "hidden.")
    with pytest.raises(Told, match="the error of that call has to reach the caller, who gets"):
        judge_raised(End(error=group), (OSError, TimeoutError), "page", "hidden.")


def test_faults_befall_the_parts_that_are_named():
    faults = Faults({"rate": "/tax/DE", "other": "/tax/FR"})

    async def body():
        async with counted_shop(1, most=9) as w:
            all_of(faults.down("rate", calls=(1,)), faults.slow("other", 5.0))(w)
            statuses = [(await w.api.get("/tax/DE")).status for _ in range(2)]
            began = asyncio.get_running_loop().time()
            await w.api.get("/tax/FR")
            took = asyncio.get_running_loop().time() - began
            faults.answers("other", {"percent": 99})(w)
            answer = await (await w.api.get("/tax/FR")).json()
            w.statuses["/tax/DE"] = [404, 429]
            statuses += [(await w.api.get("/tax/DE")).status for _ in range(3)]
            faults.raises("rate", ValueError)(w)
            with pytest.raises(ValueError, match="goes wrong"):
                await w.api.get("/tax/DE")
            return statuses, took, answer

    statuses, took, answer = virtually(body)
    assert (statuses, answer) == ([503, 200, 404, 429, 429], {"percent": 99})
    assert took >= 5


def test_what_stands_still_is_told():
    with pytest.raises(Told, match="it stands still"):
        ends(asyncio.Event().wait)


def test_what_runs_on_is_counted_and_cancelled():
    call = of_a_cell(
        "async def other():\n    await asyncio.sleep(5)\n"
        "async def call():\n    for _ in range(2):\n        asyncio.ensure_future(other())\n"
    )

    async def body():
        end = await end_of(call(), lambda: "")
        await asyncio.sleep(0)
        return end, [task for task in asyncio.all_tasks() if "other" in repr(task)]

    end, left = virtually(body)
    assert (end.running, left) == (2, [])
    with pytest.raises(Told, match=r"2 tasks of it run on\. Who"):
        judge_running(end, "page", [])


def test_calls_that_run_on_are_named_and_many_are_counted():
    judge_running(End(), "page", [])
    with pytest.raises(Told, match=r"1 call of it \(related\) runs on"):
        judge_running(End(running=3), "page", ["related"])
    with pytest.raises(Told, match=r"5 calls of it \(a, b, c, d, …\) run on"):
        judge_running(End(), "job", list("edcba"))


class Bounced(Exception):
    pass


def test_a_post_office_keeps_books():
    async def body():
        async with post_office() as office:
            office.names, office.unknown = {"Bounced": Bounced}, {"2 Mill Lane"}
            calls = [office.deliver(f"{number} Mill Lane", "Dear …") for number in (1, 2, 1)]
            all_of_them = asyncio.gather(*calls, return_exceptions=True)
            await asyncio.sleep(0)
            under_way = list(office.under_way)
            return office, under_way, await all_of_them

    office, under_way, (_, bounced, _) = virtually(body)
    assert under_way == ["1 Mill Lane", "2 Mill Lane", "1 Mill Lane"]
    assert isinstance(bounced, Bounced)
    assert office.under_way == []
    assert office.books() == {
        "out": {"1 Mill Lane": 2},
        "handed over": {"1 Mill Lane": 2, "2 Mill Lane": 1},
    }
    assert seconds_to("2 Mill Lane") > seconds_to("1 Mill Lane")


def test_a_post_office_knows_what_is_right_and_what_came_later():
    office = WatchedOffice()
    office.unknown = {"2 Mill Lane"}
    addresses = ["1 Mill Lane", "2 Mill Lane", "1 Mill Lane"]
    assert office.right(addresses) == {"sent": 2, "bounced": ["2 Mill Lane"]}
    assert office.books()["out"] == {"1 Mill Lane": 2}
    office.begun += [("3 Mill Lane", 5.0), ("1 Mill Lane", 6.0)]
    assert office.later(0) == 1  # 1 Mill Lane was there at first, and is only handed over again
    assert office.later(3) == 1
