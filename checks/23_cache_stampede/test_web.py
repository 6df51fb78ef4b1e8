"""The web server's processes of lesson 23: what a call in another process tells."""

import asyncio

import pytest

from kettle.lessons.visit_lanes import visit_lanes
from kettle.lessons.web import ChildTrouble, Visit, children, in_order
from kettle.lessons.web_process import IDLE, WebProcess
from kettle.redis_server import open_redis


@pytest.fixture
def child():
    child = children(1)[0]
    yield child
    child.end()


def test_a_call_is_held_until_it_may_go_on(child):
    source = "def f(store, key, make, seconds):\n    store.get(key)\n    store.get(key)\n    return make()"

    async def main(server):
        async def until(met):
            for _ in range(1000):
                if met(seen := (await child.tell("look"))["1"]):
                    return seen
                await asyncio.sleep(0.01)
            raise AssertionError("it never came to that")

        await child.tell("load", source=source, url=server.url)
        told = {"name": "f", "key": f"{server.prefix}page", "seconds": 1, "gives": 5, "number": 1}
        await child.tell("ask", **told, hold=True, pause=True)
        paused = await until(lambda call: call["sent"])
        await child.tell("let", number=1, fails=True)
        return paused, await until(lambda call: call["over"])

    with open_redis() as server:
        paused, over = asyncio.run(asyncio.wait_for(main(server), 20))
    assert (paused["sent"], paused["makes"], paused["over"]) == (1, 0, False)
    assert (over["sent"], over["makes"]) == (2, 1)
    assert over["error"].startswith("LookupError")


def test_definitions_that_fail_are_told_in_a_sentence(child):
    with pytest.raises(ChildTrouble, match="NameError: name 'nothing'"):
        child.tell("load", source="nothing", url="redis://127.0.0.1:1").wait()


def test_a_process_that_is_idle_ends_by_itself_and_one_that_works_does_not(monkeypatch):
    async def main():
        process = WebProcess()
        process.asked -= 2 * IDLE
        idle = process.is_needed()
        monkeypatch.setattr(WebProcess, "work", lambda self: asyncio.sleep(0.1), raising=False)
        process._take(b'{"id": 1, "do": "work"}')
        works = process.is_needed()
        await asyncio.sleep(0.2)
        return idle, works, process.is_needed()

    assert asyncio.run(main()) == (False, True, True)


def test_a_process_that_may_be_about_to_end_is_asked_no_more(child):
    child.tell("look").wait()
    assert child.usable
    child._asked -= IDLE
    assert not child.usable
    (other,) = children(1)
    assert other is not child
    assert other.tell("look").wait() == {}
    other.end()


def test_visits_begin_with_the_first_one():
    visits = in_order([[(0, 5.0, 6.0, None, None)], [(1, 4.0, 7.0, 4.5, 6.5)]])
    assert visits == [Visit((2, 2), 0.0, 3.0, (0.5, 2.5)), Visit((1, 1), 1.0, 2.0, None)]


def test_the_picture_tells_who_made_it():
    picture = visit_lanes([Visit((1, 1), 0.0, 0.5, (0.1, 0.4)), Visit((2, 1), 0.1, 0.5, None)])
    assert "Made 1 time, longest visit 500 ms." in picture.text
    assert "process 2, thread 1: gets it after 400 ms" in picture.html
