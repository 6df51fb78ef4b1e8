"""A service under check: its lifespan runs in one task, each request in another, as under a server."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from kettle.checking.equivalence.leftovers import apart


class Ended(Exception):
    """What ends a service by force."""


HOW = (
    ("has ended", None),
    ("was ended by an exception", Ended()),
    ("was cancelled", asyncio.CancelledError()),
)
"""How a service ends, in the words of a message, and by what."""


@asynccontextmanager
async def serving(
    lifespan: Callable, function: Callable, app: Any, *, error: BaseException | None = None
) -> AsyncIterator[Callable]:
    """Let an app live in the block, and give a function that makes a request of it.

    What the lifespan sets in its own context is not seen by requests, as under uvicorn.

    Args:
        lifespan: of the app, and a context manager when called with it.
        function: what a request calls, with the app and what else it is given.
        app: the app.
        error: what ends the app's life; it comes out of the block then, unless the lifespan keeps it. A
            CancelledError stands for the task's being cancelled.

    Raises:
        RuntimeError: the lifespan ends before the app has lived.
    """
    started, ends = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def live() -> None:
        async with lifespan(app):
            started.set_result(None)
            await ends.wait()
            if error is not None:
                raise error

    with apart():
        life = asyncio.create_task(live())
    await asyncio.wait({life, started}, return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        await life
        raise RuntimeError("The lifespan ended without a yield.")

    async def ask(*args: Any) -> Any:
        return await asyncio.create_task(_awaited(function(app, *args)))

    try:
        yield ask
    finally:
        if isinstance(error, asyncio.CancelledError):
            life.cancel()
        else:
            ends.set()
        await life


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
