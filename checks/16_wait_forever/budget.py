"""What lesson and exercise ask of a budget: what comes in time is returned, and all else ends in time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kettle.checking import Case, Contract
from kettle.checking.causes.endings import End
from kettle.checking.equivalence import Told
from kettle.checking.equivalence.sentences import short
from kettle.checking.runner.errors import alone, told

BUDGET = 4.0  # seconds
INEXACT = 1.01  # times the budget


def judge_late(contract: Contract, end: End, budget: float, why: str, raises: Any) -> None:
    """Raise where a wait that gets nothing ended after its budget, or with no error of these kinds.

    Args:
        contract: has the words.
        end: of the wait.
        budget: in seconds.
        why: the key of what to say to one that is late.
        raises: the kinds of error.
    """
    if end.took > INEXACT * budget:
        raise Told(contract.say("late", took=end.took, budget=budget, why=contract.say(why)))
    if end.error is None:
        raise Told(contract.say("no_error", found=short(end.value)))
    if not isinstance(catchable(contract, end.error), raises):
        raise Told(contract.say("other_error", error=told(end.error)))


def catchable(contract: Contract, error: BaseException) -> BaseException:
    """Return an error that a caller can catch by its type; raise where it cannot."""
    if isinstance(error, BaseExceptionGroup):
        raise Told(contract.say("group", error=type(alone(error)).__name__))
    if not isinstance(error, Exception):
        raise Told(contract.say("cancelled"))
    return error


def in_time(contract: Contract, prepare: Callable, *args: Any) -> Case:
    """Return a case in which what is asked for comes within the budget."""
    return Case(*args, prepare=prepare, why={"error": partial(_early, contract)})


def judged(call: Callable, prepare: Callable | None = None) -> Case:
    """Return a case that its call judges."""
    return Case(call=call, prepare=prepare, truth=lambda w: None, observe=False)


def _early(contract: Contract, error: Exception) -> str:
    return contract.say("early") if isinstance(alone(error), TimeoutError) else ""
