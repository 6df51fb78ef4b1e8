"""What the lesson's checks and the exercise's share."""

import aiohttp

from kettle.checking.deadline import stopped
from kettle.checking.equivalence import Told
from kettle.checking.runner.errors import alone, leaves

SHORT, BUDGET, LONG = 0.05, 4, 40  # seconds


TRIES = "A call that fails is tried again, three calls in all; one that gets no answer is not"


OUTLIVED = (
    "your code has ended, and later whoever called it is cancelled: a clock of yours runs on. Who stops it?"
)


OTHER_CLOCK = "that is not the budget. Which clock was it, and where does its number come from?"


def _given(ended):
    if isinstance(ended.error, ExceptionGroup):
        kind = type(leaves(ended.error)[0]).__name__
        raise Told(
            f"your code stops with a group of errors, which `except {kind}` lets through. Why a group?"
        )
    if ended.error is not None:
        raise ended.error
    return ended.value


def _still(endless=""):
    return stopped("", "everything stands still. What is waited for?", endless)


def _why_none(error):
    if isinstance(alone(error), TimeoutError):
        return "The budget was not used up. Which clock was it, and how many of them are there?"
    return f"{TRIES}." if isinstance(alone(error), aiohttp.ClientError) else ""
