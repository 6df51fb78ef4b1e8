"""Inside the kernel: run one hidden assertion against what the learner's notebook has defined."""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import os
import random
import re
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from kettle.checking.checks import Check, Undecided, checks_of, function_of, kind_of, load_checks, words_of
from kettle.checking.runner import assertions
from kettle.checking.runner.errors import alone, named, raised, sentence, unheard, where
from kettle.checking.runner.libraries import libraries_of
from kettle.checking.runner.patience import Patience
from kettle.checking.runner.verdict import BROKEN, NOT_YET, PASSED, SKIPPED, UNDECIDED, Finding
from kettle.probes.engines.collecting import keep_out
from kettle.probes.engines.own_thread import OwnThread
from kettle.probes.engines.timed_job import Ended
from kettle.probes.engines.where import is_cell, is_library
from kettle.shop import start_ahead

MIME = "application/vnd.watched-kettle.finding+json"
LIMIT = float(os.environ.get("KETTLE_LIMIT", "20"))  # seconds that one hidden assertion may take
NOT_THERE = (
    "A check runs the notebook from its first cell and leaves out the cells that only show something, such "
    "as runs and pictures. Define the name in another cell."
)
NEVER_ENDS = "a loop that never ends, or something that nothing will ever wake?"
DEADLOCK = (
    "a deadlock. The thread waits there for something that cannot come while it waits. A `threading.Lock` "
    "that is held across an `await` does this: the second task waits for it on the event loop's own thread, "
    "and the first one needs that thread to go on. With `async with` and an `asyncio.Lock` the loop is free."
)
TAKES_LOCK = re.compile(r"with (?!.*(open|Executor|Pool)\()|(?!await ).*\.acquire\(\)")
_unseen: list[str] = []  # failures of background tasks of the kernel's own loop


def _shop(stack: ExitStack) -> object:
    from kettle.shop import Shop

    return stack.enter_context(Shop(seed=random.randrange(1 << 30)))


def _database(stack: ExitStack) -> object:
    from kettle.database import open_database

    return stack.enter_context(open_database(None))


def _redis_server(stack: ExitStack) -> object:
    from kettle.checking.runner.servers import redis_for_check

    return stack.enter_context(redis_for_check())


OFFERS: dict[str, Callable[[ExitStack], object]] = {
    "shop": _shop,
    "database": _database,
    "redis_server": _redis_server,
    "rng": lambda stack: random.Random(random.randrange(1 << 30)),
    "notes": lambda stack: [],
}
"""What a hidden assertion can ask for by name, besides what the learner defined."""


def _equivalence(home: tuple[Path, str] | None, namespace: dict[str, object]) -> object:
    from kettle.checking.equivalence import Equivalence, merged_names

    return Equivalence(namespace, merged_names(*home) if home else {})


class NotDefined(Exception):
    """The notebook does not define a name that the check calls."""


def judge(
    check: Check,
    function: Callable,
    namespace: dict[str, object],
    thread: OwnThread,
    limit: float = LIMIT,
    home: tuple[Path, str] | None = None,
) -> Finding:
    """Run one hidden assertion.

    Args:
        check: the assertion.
        function: its function.
        namespace: the learner's names.
        thread: in which all assertions on a notebook run, so that what a right answer makes once, such as a
            client or a connection, serves them all.
        limit: seconds that it may take.
        home: the folder of the lesson's checks, and "lesson" or "exercise": where the merged code is found.

    Returns:
        What it found. Nothing is raised, whatever the learner's code does.
    """
    started = time.perf_counter()
    with ExitStack() as stack:
        try:
            arguments = _arguments(function, namespace, stack, home)
        except NotDefined as missing:
            outcome = SKIPPED if check.kind == "interest" else NOT_YET
            return Finding(check.title, outcome, str(missing), kind=check.kind)
        except Undecided as why:
            outcome = SKIPPED if check.kind == "interest" else UNDECIDED
            return Finding(check.title, outcome, sentence(why), kind=check.kind)
        patience = Patience(limit)
        ended = thread.run(partial(function, **arguments), limit=limit, more=patience.more)
        finding = _finding(check, ended, patience)
    notes = tuple(dict.fromkeys(arguments.get("notes", ())))
    if check.kind == "interest" and finding.outcome != PASSED:
        finding = replace(finding, outcome=SKIPPED, message="")
    return replace(finding, notes=notes, seconds=time.perf_counter() - started)


def _arguments(
    function: Callable, namespace: dict[str, object], stack: ExitStack, home: tuple[Path, str] | None
) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name in inspect.signature(function).parameters:
        if name in ("same", "equivalence"):
            arguments[name] = _equivalence(home, namespace)
        elif name in OFFERS:
            arguments[name] = OFFERS[name](stack)
        elif name in namespace:
            arguments[name] = namespace[name]
        else:
            raise NotDefined(
                f"This notebook defines nothing called `{name}`, and the check calls it by that name. "
                "Was it renamed or deleted?"
            )
    return arguments


def _finding(check: Check, ended: Ended, patience: Patience) -> Finding:
    def finding(outcome: str, message: str, error: BaseException | None = None) -> Finding:
        return Finding(check.title, outcome, message, kind=check.kind, raised=raised(error))

    if ended.timed_out:
        return finding(*_late(ended, patience))
    error = alone(ended.error)
    if isinstance(error, AssertionError) and not _by_learner(error):
        return finding(NOT_YET, sentence(error), error.__cause__)
    if isinstance(error, Undecided):
        return finding(UNDECIDED, sentence(error))
    if error is not None and type(error).__name__ == "StdinNotImplementedError":
        return finding(
            NOT_YET, f"Your code asks for input(), and a check has nobody to type it. {where(error)}"
        )
    if isinstance(error, SystemExit):
        return finding(NOT_YET, "Your code called sys.exit(), which ends the whole program: return instead.")
    if isinstance(error, asyncio.CancelledError):
        return finding(NOT_YET, f"Your code cancelled the very task that called it. {where(error)}".strip())
    if error is not None:
        return finding(NOT_YET, _stopped(error), error)
    if lost := unheard(ended.complaints):
        return finding(NOT_YET, lost)
    return finding(PASSED, ended.value if isinstance(ended.value, str) else "")


def _stopped(error: BaseException) -> str:
    """Say that the learner's code raised an error, which is shown before this where its line is known."""
    stopped = f"Expected a result; your code raised {named(error)}"
    return f"{stopped} {NOT_THERE}" if _unknown_name(error) else stopped


def _late(ended: Ended, patience: Patience) -> tuple[str, str]:
    """Return the outcome and the message of an assertion whose time was up."""
    at = f", still at the line `{ended.line}`" if ended.at.startswith("cell") else ""
    if patience.starved:
        got = f"in which your notebook got {patience.used:.0f} s of a processor"
        why = "This machine is too busy to tell, or it waits for what never comes."
        return UNDECIDED, f"No answer after {ended.seconds:.0f} s{at}, {got}. {why}"
    what = DEADLOCK if TAKES_LOCK.match(ended.line) else NEVER_ENDS
    return NOT_YET, f"No answer after {patience.limit:g} s{at}: {what}"


def _by_learner(error: BaseException) -> bool:
    """Whether the learner's own code raised it, or a library that it called, as np.testing may be."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).parent.parent.name == "checks":
            return False
        if is_cell(frame.filename) or not is_library(frame.filename):
            return True
    return False


def _unknown_name(error: BaseException) -> bool:
    """Whether the learner's own code used a global name that nothing defines."""
    innermost = traceback.extract_tb(error.__traceback__)[-1:]
    unknown = type(error) is NameError and str(error).endswith("is not defined")
    return unknown and bool(innermost) and is_cell(innermost[0].filename)


@cache
def _thread() -> OwnThread:
    """The thread of all assertions of this kernel; it ends with the kernel."""
    return OwnThread()


def publish(path: str, kind: str, name: str, limit: float = LIMIT) -> None:
    """Judge one assertion in this kernel and publish its finding; called by the appended cells.

    Args:
        path: of the folder of the lesson's checks.
        kind: "lesson" or "exercise".
        name: of the assertion.
        limit: seconds that it may take.
    """
    from IPython import get_ipython

    if not assertions.are_on():
        _display(Finding(name, BROKEN, assertions.OFF))
        return
    try:
        check = next(check for check in checks_of(Path(path), kind) if check.name == name)
        home = (Path(path), kind)
        function = function_of(*home, check)
        finding = judge(check, function, get_ipython().user_ns, _thread(), limit, home)
    except Exception as error:  # noqa: BLE001 - a fault of the course's own must not look like the learner's
        message = f"The course itself failed here, not your code: {type(error).__name__}: {error}"
        finding = Finding(name, BROKEN, message)
    _display(finding)


def publish_unseen() -> None:
    """Publish what failed in background tasks of the learner's cells, if anything did."""
    gc.collect()
    title = "Nothing fails unseen"
    if _unseen:
        message = f"A background task of your notebook failed and nobody awaited it: {_unseen[0]}"
        _display(Finding(title, BROKEN, message, kind="cell"))
    else:
        _display(Finding(title, PASSED, kind="cell"))


def _display(finding: Finding) -> None:
    from IPython.display import publish_display_data

    publish_display_data({MIME: finding.as_dict(), "text/plain": str(finding)})


def prepare(path: str, notebook: str) -> None:
    """Make a fresh kernel ready: remember failures of background tasks, start and import what checks need.

    Args:
        path: of the folder of its checks.
        notebook: its path; the libraries that its cells import are imported now.
    """
    asyncio.get_running_loop().set_exception_handler(_remember)
    with suppress(Exception):  # the check itself will say what is wrong with its file
        kind = kind_of(Path(notebook))
        needs = words_of(Path(path)).of(kind).needs
        install(needs)
        if "shop" in needs:
            start_ahead()
        if "database" in needs:
            from kettle.database import start_server_ahead

            start_server_ahead(needs["database"])
        if "redis_server" in needs:
            from kettle.redis_server import start_redis_ahead

            start_redis_ahead()
        load_checks(Path(path), kind)
    with suppress(Exception):  # the cell itself will say what is wrong with it
        for name in libraries_of(Path(notebook)):
            importlib.import_module(name)
    keep_out()  # a later collection then looks at the learner's objects only, and is quick


def install(needs: Mapping[str, Any]) -> None:
    """Call `install` of the module that a lesson names for this, before any of the notebook's cells runs.

    Args:
        needs: of the notebook's checks.
    """
    if "install" in needs:
        importlib.import_module(needs["install"]).install()


def _remember(loop: asyncio.AbstractEventLoop, context: dict) -> None:
    error = alone(context.get("exception"))
    if isinstance(error, Exception):
        _unseen.append(f"{type(error).__name__}: {sentence(error)}")
