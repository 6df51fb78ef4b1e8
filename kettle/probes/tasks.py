"""Tasks: how many were alive at once, which were left over, and whose exceptions nobody retrieved.

For example:

    async with watch_tasks() as tasks:
        await page(api)
    tasks.peak, tasks.leftover
"""

import asyncio
import gc
import weakref
from typing import Any, Self

from kettle.probes.engines.block import Block
from kettle.probes.engines.callbacks import NewTasks, is_lost, is_servants, told_name
from kettle.probes.engines.collecting import only_new_collected


class watch_tasks(Block):  # noqa: N801 (used as a verb: with watch_tasks() as tasks)
    """Watch the tasks that the running loop makes in the block; `with` and `async with` both work.

    `async with` lets tasks that are just ending end before it counts what is left over.

    Read afterwards (or in the block): created: how many tasks were made. alive: how many have not ended.
    peak: the most that were alive at once. leftover: the names of those alive at the end of the block.
    never_retrieved: the exceptions, as text, of tasks that failed without anybody looking.
    complaints: everything else that the loop's exception handler was told meanwhile.
    Tasks of the notebook's kernel and of the course's panels are not counted.
    Raises RuntimeError where no loop runs.
    """

    def __init__(self) -> None:
        self.created = self.alive = self.peak = 0
        self.leftover: tuple[str, ...] = ()
        self.never_retrieved: tuple[str, ...] = ()
        self.complaints: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._tasks: list[weakref.ref[asyncio.Task]] = []
        self._lost: list[str] = []
        self._others: list[str] = []
        self._handler_before = self._loop.get_exception_handler()
        self._loop.set_exception_handler(self._handle)
        self._new_tasks = NewTasks(self._loop, self._add)
        self._collecting = only_new_collected()
        self._collecting.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._new_tasks.stop()
        tasks = [task for reference in self._tasks if (task := reference()) is not None]
        self.leftover = tuple(told_name(task) for task in tasks if not task.done())
        alive_but_lost = [task.exception() for task in tasks if is_lost(task)]
        del tasks
        gc.collect()  # tasks in cycles complain now
        self._collecting.__exit__(None, None, None)
        if self._loop.get_exception_handler() == self._handle:
            self._loop.set_exception_handler(self._handler_before)
        self.never_retrieved = tuple(self._lost) + tuple(map(repr, alive_but_lost))
        self.complaints = tuple(self._others)

    async def __aexit__(self, *error: object) -> None:
        for _ in range(3):  # tasks that are just ending may end
            await asyncio.sleep(0)
        self.__exit__(*error)

    def __repr__(self) -> str:
        lost = f", never retrieved: {', '.join(self.never_retrieved)}" if self.never_retrieved else ""
        return (
            f"watch_tasks({self.created} created, {self.peak} at once, {len(self.leftover)} left over{lost})"
        )

    def _add(self, task: asyncio.Task) -> None:
        if is_servants(task):
            return
        self.created += 1
        self.alive += 1
        self.peak = max(self.peak, self.alive)
        self._tasks.append(weakref.ref(task))
        task.add_done_callback(self._end)  # the first to be called: whoever awaits the task hears of it later

    def _end(self, task: asyncio.Task) -> None:
        self.alive -= 1

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        message, error = context.get("message", ""), context.get("exception")
        if "never retrieved" in message:
            self._lost.append(repr(error))
            return
        self._others.append(f"{message}: {error!r}" if error is not None else message)
        if self._handler_before is not None:
            self._handler_before(loop, context)
        else:
            loop.default_exception_handler(context)
