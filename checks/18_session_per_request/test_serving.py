"""A service under check lives in one task, and is asked in others."""

import asyncio
from contextlib import asynccontextmanager
from contextvars import ContextVar

import pytest

from kettle.lessons.serving import serving


def test_requests_are_tasks_that_do_not_see_the_context_of_the_lifespan():
    told, tasks = ContextVar("told", default="nothing"), []

    @asynccontextmanager
    async def lifespan(app):
        told.set("the lifespan's")
        tasks.append(asyncio.current_task())
        yield
        tasks.append(asyncio.current_task())

    async def ask(app, word):
        tasks.append(asyncio.current_task())
        return app, word, told.get()

    async def main():
        async with serving(lifespan, ask, "app") as request:
            return [await request("a"), await request("b")]

    assert asyncio.run(main()) == [("app", "a", "nothing"), ("app", "b", "nothing")]
    began, one, other, ended = tasks
    assert began is ended
    assert len({began, one, other}) == 3


@pytest.mark.parametrize("keeps", [False, True])
def test_what_ends_a_life_comes_out_unless_the_lifespan_keeps_it(keeps):
    ended = []

    @asynccontextmanager
    async def lifespan(app):
        try:
            yield
        except KeyError:
            ended.append("by an error")
            if not keeps:
                raise

    async def main():
        async with serving(lifespan, print, "app", error=KeyError("x")):
            pass

    if keeps:
        asyncio.run(main())
    else:
        with pytest.raises(KeyError):
            asyncio.run(main())
    assert ended == ["by an error"]


def open_office(why):
    raise OSError(why)


def test_what_fails_at_the_start_comes_out_and_a_request_may_be_plain():
    @asynccontextmanager
    async def fails(app):
        open_office("no such office")
        yield

    @asynccontextmanager
    async def lifespan(app):
        yield

    async def main(lifespan):
        async with serving(lifespan, lambda app: 7, "app") as request:
            return await request()

    with pytest.raises(OSError, match="no such office"):
        asyncio.run(main(fails))
    assert asyncio.run(main(lifespan)) == 7


def test_the_life_ends_also_when_the_block_fails():
    ended = []

    @asynccontextmanager
    async def lifespan(app):
        yield
        ended.append(app)

    async def main():
        async with serving(lifespan, print, "app"):
            raise ValueError("in the block")

    with pytest.raises(ValueError, match="in the block"):
        asyncio.run(main())
    assert ended == ["app"]
