"""Bad days of a service: a customer hangs up while another one waits, a worker process dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any
from unittest import mock


async def one_hangs_up(ask: Callable[[], Coroutine], patience: float) -> None:
    """Let two customers ask for the same at once, the first of whom hangs up; nothing may befall the other.

    Args:
        ask: what both do; it must not be able to end before the loop has come round twice.
        patience: seconds; paid by wrong answers only.

    Raises:
        AssertionError: with what has befallen the other one.
    """
    leaves, stays = (asyncio.create_task(ask()) for _ in range(2))
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.wait([leaves, stays], timeout=patience)
    how = "is still waiting"
    if stays.done():
        error = stays.exception() if not stays.cancelled() else None
        how = f"got {type(error).__name__}" if error else "was cancelled, too" if stays.cancelled() else ""
    assert not how, (
        f"Two customers asked for the same at once, the first one hung up, and the other one {how}: "
        "what do the two share?"
    )


@contextmanager
def a_pool_breaks() -> Iterator[None]:
    """Let the executor of processes that is asked first be broken, as one is whose worker has died."""
    submit, asked = ProcessPoolExecutor.submit, []

    def fail(pool: ProcessPoolExecutor, /, *work: Any, **options: Any) -> Future:
        asked.append(pool)
        if pool is not asked[0]:
            return submit(pool, *work, **options)
        failed: Future = Future()
        failed.set_exception(BrokenProcessPool("a worker died"))
        return failed

    with mock.patch.object(ProcessPoolExecutor, "submit", fail):
        yield
