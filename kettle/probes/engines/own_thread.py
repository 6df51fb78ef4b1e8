"""A thread with an event loop of its own, in which functions run in turn, each with a time limit."""

import asyncio
import contextlib
import contextvars
import functools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kettle.probes.engines.collecting import only_new_collected
from kettle.probes.engines.timed_job import Ended, Job, Stopped

TIDY_UP = 1.0  # seconds that leftover tasks, generators and worker threads get to end


class OwnThread:
    """One thread and one event loop for functions that belong together, such as the checks of a notebook.

    What a function makes and keeps serves the next one: a client of the loop, a connection of `sqlite3` (only
    its own thread may use it), a value of `threading.local`. A thread whose function could only be stopped
    by force is left behind, and the next function gets a new one.
    """

    def __init__(
        self,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
        *,
        once: bool = False,
    ) -> None:
        self._make = functools.partial(_Worker, loop_factory, once)
        self._worker: _Worker | None = None

    def run(
        self,
        function: Callable,
        *args: Any,
        limit: float = 20.0,
        more: Callable[[], float] | None = None,
        **kwargs: Any,
    ) -> Ended:
        """Run a function, or a coroutine function; return how it `Ended`.

        A plain function is called while no loop runs, so it may use `asyncio.run`; if it returns something
        that can be awaited, it is. Context variables are not inherited. When `limit` (seconds) is up the task
        is cancelled, then `Stopped` is raised inside the thread; code that resists both is left behind. Never
        raises what the function raised: see `Ended.error`. An interrupt of the caller stops the function.

        `more()`, if given, is asked whenever the limit is up how many seconds more it may be; 0 ends it.
        """
        with only_new_collected():
            return self._run(functools.partial(function, *args, **kwargs), limit, more).told()

    def close(self) -> None:
        """Cancel what was left in the loop, end its worker threads, and close it."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.jobs.put(None)
            worker.thread.join(4 * TIDY_UP)

    def _run(self, call: Callable[[], Any], limit: float, more: Callable[[], float] | None) -> Job:
        self._worker = worker = self._worker or self._make()
        job = Job(call, worker)
        worker.jobs.put(job)
        try:
            if not job.wait(limit, more):
                job.stop()
        except BaseException:
            job.stop()
            raise
        finally:
            if job.forced or not (worker.once or job.settled.wait(4 * TIDY_UP)):
                worker.left_behind, self._worker = True, None
                worker.jobs.put(None)  # should it come back some day
        if job.forced and job.done.is_set():
            worker.thread.join(3 * TIDY_UP)
        return job


def run_in_own_thread(
    function: Callable,
    *args: Any,
    limit: float = 20.0,
    more: Callable[[], float] | None = None,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    **kwargs: Any,
) -> Ended:
    """Run one function in a fresh thread, with a fresh event loop that ends with it: see `OwnThread.run`."""
    own = OwnThread(loop_factory, once=True)
    with only_new_collected():
        try:
            job = own._run(functools.partial(function, *args, **kwargs), limit, more)
        finally:
            own.close()
        return job.told()


class _Worker:
    """The thread and its loop. Its root is the one task that `run_until_complete` is given for all jobs.

    Between two jobs the loop stands still. The root stays the same, so that the loop does not seem to end
    with each job: AnyIO, for one, keeps its worker processes for as long as that task lives.
    """

    def __init__(self, loop_factory: Callable[[], asyncio.AbstractEventLoop], once: bool) -> None:
        self.once = once
        self.wanted: asyncio.Task | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.root: asyncio.Task | None = None
        self.left_behind = False
        self.workers: ThreadPoolExecutor  # the loop's own, made with it
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._loop_factory = loop_factory
        self.thread = threading.Thread(target=self._body, name="kettle own thread", daemon=True)
        self.thread.start()

    def ready(self) -> asyncio.AbstractEventLoop:
        """Return the loop; a new one where there is none, or where a job closed it."""
        if self.loop is None or self.loop.is_closed():
            self.loop = self._loop_factory()
            self.workers = ThreadPoolExecutor(thread_name_prefix="asyncio")
            self.loop.set_default_executor(self.workers)
        asyncio.set_event_loop(self.loop)
        return self.loop

    def run_until_done(self, task: asyncio.Task) -> None:
        """Run the loop until a task is done."""
        self.wanted = task
        task.add_done_callback(self._halt)
        try:
            while not task.done():
                self._turn(task)
        finally:
            self.wanted = None

    def _turn(self, task: asyncio.Task) -> None:
        if self.root is None or self.root.done():  # a job may have cancelled all tasks
            self.root = task.get_loop().create_task(_stay(), name="root")
        try:
            task.get_loop().run_until_complete(self.root)
        except asyncio.CancelledError:
            pass
        except RuntimeError:  # the loop was stopped: because the task is done, or by the job itself
            if not task.done():
                raise

    def _halt(self, task: asyncio.Task) -> None:
        if task is self.wanted:  # after a SystemExit nobody waits for it any more
            self.wanted.get_loop().stop()

    def _body(self) -> None:
        last = None
        try:
            while (job := self.jobs.get()) is not None:
                last = job
                contextvars.Context().run(job.run)
                if self.once or self.left_behind:
                    break
                job.listen()
        except Stopped:
            pass
        finally:
            with contextlib.suppress(Stopped):
                self._end(last)

    def _end(self, last: Job | None) -> None:
        """Close the loop; what it complains of meanwhile is told with the last job."""
        if self.loop is None or last is None:
            return
        try:
            if not self.loop.is_closed():
                self.loop.run_until_complete(self._cancel_all())
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 (told, not raised)
            last.complaints.append(f"while tidying up: {error!r}")
        finally:
            _end_workers(self.workers)
            if not self.loop.is_running():
                self.loop.close()
            asyncio.set_event_loop(None)
            if not self.left_behind:
                last.listen()

    async def _cancel_all(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=TIDY_UP)
        closing = asyncio.get_running_loop().shutdown_asyncgens()
        await asyncio.wait([asyncio.ensure_future(closing)], timeout=TIDY_UP)


async def _stay() -> None:
    await asyncio.get_running_loop().create_future()


def _end_workers(workers: ThreadPoolExecutor) -> None:
    """Shut the loop's executor down; wait only a moment for work that will not end."""
    closing = threading.Thread(target=workers.shutdown, kwargs={"cancel_futures": True}, daemon=True)
    closing.start()
    closing.join(TIDY_UP / 2)
