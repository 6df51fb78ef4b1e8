"""Answers, judged in processes of their own, forked from one that has imported what the lessons import."""

import asyncio
import atexit
import contextlib
import functools
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

import nbformat
import psutil
from IPython.core.interactiveshell import InteractiveShell

from kettle.checking.checks import checks_of, function_of, words_of
from kettle.checking.runner.judge import install, judge
from kettle.checking.runner.shown import sources_run
from kettle.files import course
from kettle.probes.engines.collecting import keep_out
from kettle.probes.engines.own_thread import OwnThread
from kettle.processes.family import end_family

sys.path.insert(0, str(course.ROOT / "tests"))
from contract import Answer

PROCESSES = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
LONGEST = 300  # seconds until a process has to say something; a verdict on a throttled machine may take 70
LAST = 10  # seconds that it gets to end
IMPORTED = [
    "kettle.checking.runner.plugin",
    "aiohttp",
    "httpx",
    "numpy",
    "pandas",
    "requests",
    "django.db.models",
]
IMPORTED += ["sqlalchemy.orm"]


def judged(
    answer: Answer, runs: int, begun: Callable[[int], None], by: Callable | None = None
) -> tuple[list[dict], str]:
    """Judge an answer some times, in a process of its own.

    Args:
        answer: to be judged.
        runs: how often, each time in a fresh namespace.
        begun: is told the number of the process that judges.
        by: a function of a module, given the answer and its names, that judges once; `verdict` if not given.

    Returns:
        The verdicts, as `by` gives them, and what went wrong if there are fewer of them than wanted.
    """
    here, there = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=_judge_often, args=(answer, runs, there, by or verdict))
    process.start()
    begun(process.pid)
    there.close()
    found, trouble = [], None
    with contextlib.suppress(EOFError):
        while trouble is None and here.poll(LONGEST):
            if isinstance(told := here.recv(), dict):
                found.append(told)
            else:
                trouble = told
    process.join(LAST)
    if process.is_alive():  # an answer may leave a pool that nobody closes, and that waits for its workers
        end_family(psutil.Process(process.pid))
    return found, "its process ended, or said nothing any more" if trouble is None else trouble


def _judge_often(answer: Answer, runs: int, told: Connection, by: Callable) -> None:
    """Send each verdict; at the end an empty text, or what went wrong."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    keep_out()  # what is imported need not be looked through each time that a probe collects garbage
    try:
        shell = InteractiveShell.instance()
        install(words_of(answer.stem).of(answer.kind).needs)
        for _ in range(runs):
            try:
                names = define(shell, answer)
            except Exception as error:  # noqa: BLE001 - a cell that stops is a verdict, too
                told.send({"outcome": "broken", "message": str(error), "ms": 0})
                continue
            told.send(by(answer, names))
        told.send("")
    except BaseException:  # noqa: BLE001 - whatever it is, it is said where somebody reads it
        told.send(traceback.format_exc(limit=-3))
    finally:
        atexit._run_exitfuncs()  # which a process of multiprocessing leaves out, and our servers end by them


def define(shell, answer: Answer) -> dict:
    """Run the starter's cells, with the answer in place of its fix, in a fresh namespace; return it.

    As in a kernel, an event loop runs meanwhile.
    """
    shell.reset(new_session=False)
    notebook = nbformat.read(course.lesson(answer.stem).path(answer.kind), as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        if "fix" in cell.metadata.get("tags", ()) and answer.source is not None:
            cell.source = answer.source
    for source in filter(None, sources_run(cells)):
        code = shell.transform_cell(source)
        running = shell.run_cell_async(source, store_history=False, silent=True, transformed_cell=code)
        _loop().run_until_complete(running).raise_error()
    shell.user_ns.setdefault("__spec__", None)  # as in a kernel: multiprocessing looks for it
    return shell.user_ns


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def verdict(answer: Answer, names: dict) -> dict:
    """Return the outcome, the message and the milliseconds of one verdict."""
    started = time.perf_counter()
    message, outcome, thread = "", "passed", OwnThread()
    for check in (check for check in checks_of(answer.stem, answer.kind) if check.kind == "check"):
        function = function_of(answer.stem, answer.kind, check)
        finding = judge(check, function, names, thread, home=(course.lesson(answer.stem).checks, answer.kind))
        if finding.outcome != "passed":
            outcome, message = finding.outcome, finding.message
            break
    found = {"outcome": outcome, "message": message, "ms": round(1000 * (time.perf_counter() - started))}
    thread.close()
    return found
