"""What is still open when a service has ended: told at once, and not guessed where the machine stood still."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from kettle.checking import Undecided

from . import world


@asynccontextmanager
async def ends(error=None):
    async def ask():
        await asyncio.sleep(0)

    yield ask
    if error is not None:
        raise error


def judged():
    return asyncio.run(world.judge_end(lambda key, **numbers: key, ends, ()))


def test_a_service_that_leaves_nothing_open_is_right():
    assert judged() is None


def test_after_a_long_standstill_nothing_is_said(monkeypatch):
    monkeypatch.setattr(world, "IDLE", 0.0)
    with pytest.raises(Undecided, match="too busy to tell"):
        judged()
