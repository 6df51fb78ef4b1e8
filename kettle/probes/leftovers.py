"""Leftovers: the processes, programs, executors and tasks that a block has started and not ended.

For example:

    with watch_leftovers() as watch:
        await one_day_of_the_service()
        left = await watch.left()
"""

import asyncio
import gc
import multiprocessing
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from multiprocessing.pool import Pool
from typing import Self

from kettle.probes.engines.block import Block
from kettle.probes.engines.callbacks import told_name
from kettle.probes.engines.where import coroutine_frames, is_cell
from kettle.probes.workers import Executor, watch_workers

_LOOK = 0.01  # seconds between two looks at what is left
_END = 1.0  # seconds that a process that was killed gets to end


@dataclass(frozen=True)
class Left:
    """What is still there: ids of worker processes and of programs, names of tasks, executors not shut down.

    kept: whether the worker processes belong to a pool that was there before the block began.
    """

    processes: tuple[int, ...] = ()
    programs: tuple[int, ...] = ()
    tasks: tuple[str, ...] = ()
    executors: tuple[Executor, ...] = field(default=(), compare=False)
    kept: bool = False

    def __bool__(self) -> bool:
        return bool(self.processes or self.programs or self.tasks or self.executors)


class watch_leftovers(Block):  # noqa: N801 (used as a verb: with watch_leftovers() as watch)
    """Watch what is started in the block; `with` and `async with` both work.

    Ask for `await watch.left()` in the block, when all that was started ought to have ended. Tasks are those
    that run code of a notebook's cell: a package may keep a task for as long as the loop, and executors that
    asyncio made for itself stay with the loop. workers: the `watch_workers` of the block.
    """

    def __init__(self) -> None:
        self.workers = watch_workers()

    def __enter__(self) -> Self:
        self._children, self._tasks = _children(), tasks_of_cells()
        self.workers.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.workers.__exit__(*error)

    async def left(self, patience: float = 2.0, used: Iterable[int] = ()) -> Left:
        """Return what is left when everything has ended or patience has; worker processes are ended then.

        patience: in seconds. used: ids of processes in which work of the block ran, in whosever pool.
        """
        ends = asyncio.get_running_loop().time() + patience
        while (found := self._look(frozenset(used))) and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)
        _end(found.processes)
        return found

    def _look(self, used: frozenset[int]) -> Left:
        now = _children()
        new = now - self._children
        made = self.workers.made
        return Left(
            tuple(sorted(new | (used & now))),
            tuple(sorted(self.workers.running)),
            tuple(sorted(told_name(task) for task in tasks_of_cells() - self._tasks)),
            tuple(each for each in made if not each.default and not each.shut_down),
            kept=not new and not any(each.of_processes for each in made),
        )


def tasks_of_cells() -> set[asyncio.Task]:
    """Return the tasks of the running loop that run code of a notebook's cell."""
    return {
        task
        for task in asyncio.all_tasks()
        if any(is_cell(frame.f_code.co_filename) for frame in coroutine_frames(task.get_coro()))
    }


def _children() -> frozenset[int]:
    return frozenset(child.pid for child in multiprocessing.active_children() if child.pid is not None)


def _end(processes: Collection[int]) -> None:
    for pool in gc.get_objects() if processes else ():
        # A worker that is killed may keep a lock for which its pool would wait without end. No pool tells
        # which processes are its workers.
        if type(pool) is Pool and any(worker.pid in processes for worker in vars(pool)["_pool"]):
            pool.terminate()
    for child in multiprocessing.active_children():
        if child.pid in processes:
            child.kill()
            child.join(_END)
