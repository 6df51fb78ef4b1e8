"""Inside the kernel: run one hidden assertion against what the learner's notebook has defined."""

from __future__ import annotations

import asyncio
import gc
import inspect
import linecache
import os
import random
import re
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from kettle.checking.checks import Check, Undecided, checks_of, load_checks, wants_shop
from kettle.checking.patience import Patience
from kettle.checking.verdict import BROKEN, NOT_YET, PASSED, SKIPPED, UNDECIDED, Finding
from kettle.probes.engines.collecting import keep_out
from kettle.probes.engines.own_thread import Apart, open_apart, run_apart
from kettle.shop import start_ahead

CELL = re.compile(r"ipykernel_\d+|<ipython-input")  # the file names that IPython gives to cells
MIME = "application/vnd.watched-kettle.finding+json"
LIMIT = float(os.environ.get("KETTLE_LIMIT", "20"))  # seconds that one hidden assertion may take
NOT_THERE = "A check starts afresh and leaves out the cells tagged `demo`: does one of the others define it?"
_unseen: list[str] = []  # failures of background tasks of the kernel's own loop


def _shop(stack: ExitStack) -> object:
    from kettle.shop import Shop

    return stack.enter_context(Shop(seed=random.randrange(1 << 30)))


def _database(stack: ExitStack) -> object:
    from kettle.database import open_database

    return stack.enter_context(open_database(seed=random.randrange(1 << 30)))


OFFERS: dict[str, Callable[[ExitStack], object]] = {
    "shop": _shop,
    "database": _database,
    "rng": lambda stack: random.Random(random.randrange(1 << 30)),
    "notes": lambda stack: [],
}
"""What a hidden assertion can ask for by name, besides what the learner defined."""


class NotDefined(Exception):
    """The notebook does not define a name that the check calls."""


def judge(
    check: Check,
    function: Callable,
    namespace: dict[str, object],
    loop: asyncio.AbstractEventLoop,
    limit: float = LIMIT,
) -> Finding:
    """Run one hidden assertion in a thread of its own.

    Args:
        check: the assertion.
        function: its function.
        namespace: the learner's names.
        loop: in which all assertions on a notebook run, so that what a right answer makes once, such as a
            client, serves them all; as in `run_apart`.
        limit: seconds that it may take.

    Returns:
        What it found. Nothing is raised, whatever the learner's code does.
    """
    started = time.perf_counter()
    with ExitStack() as stack:
        try:
            arguments = _arguments(function, namespace, stack)
        except NotDefined as missing:
            outcome = SKIPPED if check.kind == "interest" else NOT_YET
            return Finding(check.title, outcome, str(missing), kind=check.kind)
        patience = Patience(limit)
        apart = run_apart(partial(function, **arguments), loop=loop, limit=limit, more=patience.more)
        finding = _finding(check, apart, patience)
    notes = tuple(dict.fromkeys(arguments.get("notes", ())))
    if check.kind == "interest" and finding.outcome != PASSED:
        finding = replace(finding, outcome=SKIPPED, message="")
    return replace(finding, notes=notes, seconds=time.perf_counter() - started)


def _arguments(function: Callable, namespace: dict[str, object], stack: ExitStack) -> dict[str, object]:
    arguments = {}
    for name in inspect.signature(function).parameters:
        if name in OFFERS:
            arguments[name] = OFFERS[name](stack)
        elif name in namespace:
            arguments[name] = namespace[name]
        else:
            raise NotDefined(
                f"This notebook defines nothing called `{name}`, and the check calls it by that name. "
                "Was it renamed or deleted?"
            )
    return arguments


def _finding(check: Check, apart: Apart, patience: Patience) -> Finding:
    def finding(outcome: str, message: str) -> Finding:
        return Finding(check.title, outcome, message, kind=check.kind)

    if apart.timed_out:
        return finding(*_late(apart, patience))
    error = _alone(apart.error)
    if isinstance(error, AssertionError) and not _by_learner(error):
        return finding(NOT_YET, _sentence(error))
    if isinstance(error, Undecided):
        return finding(UNDECIDED, _sentence(error))
    if type(error).__name__ == "StdinNotImplementedError":
        return finding(
            NOT_YET, f"Your code asks for input(), and a check has nobody to type it. {_where(error)}"
        )
    if isinstance(error, SystemExit):
        return finding(NOT_YET, "Your code called sys.exit(), which ends the whole program: return instead.")
    if isinstance(error, asyncio.CancelledError):
        return finding(NOT_YET, f"Your code cancelled the very task that called it. {_where(error)}".strip())
    if error is not None:
        told = f"It stopped with {type(error).__name__}: {_sentence(error)} {_where(error)}".strip()
        return finding(NOT_YET, f"{told} {NOT_THERE}" if _unknown_name(error) else told)
    lost = [line for line in apart.complaints if "nclosed" not in line]
    if lost:
        return finding(NOT_YET, _in_background(lost[0]))
    return finding(PASSED, apart.value if isinstance(apart.value, str) else "")


def _in_background(complaint: str) -> str:
    if complaint.startswith("Task was destroyed but it is pending"):
        return "A task was still waiting when nothing could wake it any more. Who awaits it, or cancels it?"
    return f"Something failed in the background and nobody was told: {complaint}"


def _late(apart: Apart, patience: Patience) -> tuple[str, str]:
    """Return the outcome and the message of an assertion whose time was up."""
    at = f", still at the line `{apart.line}`" if apart.at.startswith("cell:") else ""
    if patience.starved:
        got = f"in which your notebook got {patience.used:.0f} s of a processor"
        why = "This machine is too busy to tell, or it waits for what never comes."
        return UNDECIDED, f"No answer after {apart.seconds:.0f} s{at}, {got}. {why}"
    what = "a loop that never ends, or something that nothing will ever wake?"
    return NOT_YET, f"No answer after {patience.limit:g} s{at}: {what}"


def _alone(error: BaseException | None) -> BaseException | None:
    """Return what is in a group of one, however deep: a TaskGroup raises a single failure as a group, too."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _sentence(error: BaseException) -> str:
    text = (str(error).strip().splitlines() or ["no message"])[0]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if "ipykernel" in f.filename or "<ipython" in f.filename
    ]


def _by_learner(error: BaseException) -> bool:
    """Whether the learner's own code raised it: an `assert` in a cell is not one of ours."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    return bool(last) and last[0] in _frames(error)


def _unknown_name(error: BaseException) -> bool:
    """Whether the learner's own code used a global name that nothing defines."""
    return type(error) is NameError and str(error).endswith("is not defined") and _by_learner(error)


def _where(error: BaseException) -> str:
    frames = _frames(error)
    if not frames:
        return ""
    line = (frames[-1].line or linecache.getline(frames[-1].filename, frames[-1].lineno)).strip()
    return f"It happened in `{frames[-1].name}`, at the line `{line}`."


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The loop of all assertions of this kernel; it ends with the kernel."""
    return open_apart()


def publish(path: str, kind: str, name: str, limit: float = LIMIT) -> None:
    """Judge one assertion in this kernel and publish its finding; called by the appended cells.

    Args:
        path: of the check file.
        kind: "lesson" or "exercise".
        name: the function in the check file.
        limit: seconds that it may take.
    """
    from IPython import get_ipython

    try:
        check = next(check for check in checks_of(Path(path), kind) if check.name == name)
        function = getattr(load_checks(Path(path)), name)
        finding = judge(check, function, get_ipython().user_ns, _loop(), limit)
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


def prepare(path: str) -> None:
    """Make a fresh kernel ready: remember failures of background tasks, start and import what checks need.

    Args:
        path: of the check file.
    """
    asyncio.get_running_loop().set_exception_handler(_remember)
    with suppress(Exception):  # the check itself will say what is wrong with its file
        if wants_shop(Path(path)):
            start_ahead()
        load_checks(Path(path))
    keep_out()  # a later collection then looks at the learner's objects only, and is quick


def _remember(loop: asyncio.AbstractEventLoop, context: dict) -> None:
    error = _alone(context.get("exception"))
    if isinstance(error, Exception):
        _unseen.append(f"{type(error).__name__}: {_sentence(error)}")
