"""Calls that stand in the middle: their answer has begun to come, and they wait for the rest of it."""

import asyncio
from collections.abc import Coroutine

import aiohttp

from kettle.checking.equivalence import Told

PATIENCE = 2.0  # seconds until an answer begins to come; paid by wrong answers only
TURNS = 20  # of the loop, in which code does what it can do with the beginning


class Midway:
    """Notes what a client asks, and waits until an answer has begun; `trace` is for its `trace_configs`.

    calls: the paths that were asked for.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_start.append(self._asked)
        self.trace.on_request_end.append(self._begun)
        self._has_begun = asyncio.Event()

    async def begun(self, call: Coroutine) -> asyncio.Task:
        """Return the task of a call that has done all that it can with the beginning of its answer.

        Raises:
            Told: no answer begins to come, so the call waits for another one.
        """
        self._has_begun.clear()
        task = asyncio.ensure_future(call)
        try:
            await asyncio.wait_for(self._has_begun.wait(), PATIENCE)
        except TimeoutError:
            raise Told(
                "the second one asks nothing until the first is done. What does it wait for?"
            ) from None
        for _ in range(TURNS):
            await asyncio.sleep(0)
        return task

    async def _asked(self, session: object, context: object, params: aiohttp.TraceRequestStartParams) -> None:
        self.calls.append(params.url.path)

    async def _begun(self, *_: object) -> None:
        self._has_begun.set()
