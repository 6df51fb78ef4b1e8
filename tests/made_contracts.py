"""Contracts that tests make, and what these say of an answer."""

import asyncio
import inspect
import random

from kettle.checking import Case, Contract
from kettle.checking.equivalence import Equivalence
from kettle.files.words import NotebookWords

NAMES = ("ada", "bo")


def lengths(names):
    return {name: len(name) for name in names}


def contract(name="f", cases=None, says=None, **options):
    """Make a contract of one case, whose words hold some sentences."""
    made = Contract(name, cases=cases or {"two names are given": Case(list(NAMES))}, **options)
    made.words = NotebookWords(says=says or {})
    return made


def told(made, answer, merged=lengths, check="answers", **given):
    """Return what a check of a contract says of an answer: of a right one what it returns."""
    equivalence = Equivalence({made.name: answer}, {made.name: merged}, off=())
    known = {"rng": random.Random(1), "equivalence": equivalence, made.name: answer, **given}
    function = made.checks[check]

    async def awaited(found):
        return await found

    try:
        found = function(**{name: known[name] for name in inspect.signature(function).parameters})
        return asyncio.run(awaited(found)) if inspect.isawaitable(found) else found
    except AssertionError as error:
        return str(error)
