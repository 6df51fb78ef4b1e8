"""Jobs that are done in another order than they were given, on every machine."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any
from unittest.mock import patch


@contextmanager
def first_job_last(patience: float = 0.5) -> Iterator[None]:
    """Let the first job of each pool of threads begin only when its pool is asked for a result, or closed.

    Whoever takes results as they are done gets the first one late, and who asks in order waits for nothing.

    Args:
        patience: in seconds; paid where a pool has one thread, or its caller waits without asking.
    """
    asked: dict[ThreadPoolExecutor, Event] = {}
    submit_now, shut_down_now = ThreadPoolExecutor.submit, ThreadPoolExecutor.shutdown

    def submit(pool: ThreadPoolExecutor, job: Callable, /, *args: Any, **kwargs: Any) -> Future:
        is_first, ask = pool not in asked, asked.setdefault(pool, Event())

        def held(*args: Any, **kwargs: Any) -> Any:
            ask.wait(patience)
            return job(*args, **kwargs)

        def result(timeout: float | None = None) -> Any:
            ask.set()
            return Future.result(future, timeout)

        future: Any = submit_now(pool, held if is_first else job, *args, **kwargs)
        future.result = result
        return future

    def shutdown(pool: ThreadPoolExecutor, *args: Any, **kwargs: Any) -> None:
        asked.setdefault(pool, Event()).set()
        shut_down_now(pool, *args, **kwargs)

    with (
        patch.object(ThreadPoolExecutor, "submit", submit),
        patch.object(ThreadPoolExecutor, "shutdown", shutdown),
    ):
        yield
