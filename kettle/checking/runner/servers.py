"""Servers for checks: without one there is no verdict, since that is no fault of the learner's code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kettle.checking.checks import Undecided

if TYPE_CHECKING:
    from kettle.redis_server import RedisServer


@contextmanager
def redis_for_check() -> Iterator[RedisServer]:
    """Open a way to a server that speaks Redis' protocol.

    Raises:
        Undecided: there is none, such as where KETTLE_REDIS_URL is wrong; with the sentence that says why.
    """
    from kettle.redis_server import NoRedis, open_redis

    try:
        server = open_redis()
    except NoRedis as trouble:
        raise Undecided(str(trouble)) from None
    with server:
        yield server
