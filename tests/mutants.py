"""Mutants: the fixes of solutions/, each wrapped so that it breaks one condition a caller relies on.

What is wrapped is a function that the fix cell defines and that a check takes by name, or the one that such
an asynchronous context manager hands out; classes and other generators are left alone. A mutant notes
whether it changed anything while it was judged: only such a one counts. Every condition is tried on each
fix. Beside them, the fix is wrapped without any change: that one must pass, so no other is rejected for its
wrapping.
"""

import ast
import functools
import inspect
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from contract import Answer, answers_of, judge

from kettle.checking import checks_of, words_of
from kettle.checking.checks import function_of
from kettle.checking.runner.verdict import Verdict

HEAD = """

# --- a mutant of {name}: {what}
import asyncio as _asyncio
import contextlib as _contextlib
import copy as _copy
import functools as _functools
from pathlib import Path as _Path

_was = {name}


def _changes():
    _Path({note!r}).touch()
{helper}
{wrapper}"""

WRAPPER = """
@_functools.wraps(_was)
{a}def {name}(*args, **options):
{body}
"""

WRAPS_WHAT_IS_HANDED_OUT = """
_manager = _was


@_contextlib.asynccontextmanager
async def {name}(*given, **more):
    async with _manager(*given, **more) as _was:

        async def handed_out(*args, **options):
{body}

        yield handed_out
"""

NOTHING = ("nothing is changed", "", "    _changes()\n    return {w}_was(*args, **options)")

LOSE_ONE = """

def _fewer(answer):
    if isinstance(answer, bool | int | float):
        _changes()
        return not answer if isinstance(answer, bool) else answer - 1
    if isinstance(answer, dict | list | tuple | str | bytes | set) and answer:
        _changes()
        if isinstance(answer, dict | set):
            return type(answer)(list(answer.items() if isinstance(answer, dict) else answer)[:-1])
        return answer[:-1]
    if hasattr(answer, "shape") and len(answer):
        _changes()
        return answer[:-1]
    return answer
"""

SWAP_TWO = """

def _swapped(answer):
    if isinstance(answer, dict) and len(answer) > 1:
        (one, first), (two, second) = list(answer.items())[-2:]
        if type(first) is type(second) and repr(first) != repr(second):
            _changes()
            return answer | {one: second, two: first}
        for name, inner in answer.items():
            if isinstance(inner, list) and inner != _swapped(inner):
                return answer | {name: _swapped(inner)}
    elif isinstance(answer, list) and len(answer) > 1 and answer[-1] != answer[-2]:
        _changes()
        return [*answer[:-2], answer[-1], answer[-2]]
    elif isinstance(answer, tuple) and answer:
        return (_swapped(answer[0]), *answer[1:])
    elif hasattr(answer, "shape") and len(answer) > 1:
        rows = getattr(answer, "iloc", answer)
        if repr(rows[-1]) != repr(rows[-2]):
            _changes()
            return rows[[*range(len(answer) - 2), -1, -2]]
    return answer
"""

EMPTY = """

_usual = []


def _empty():
    _changes()
    try:
        return type(_usual[-1])()
    except (IndexError, TypeError):
        return None
"""

SWALLOW = """    try:
        answer = {w}_was(*args, **options)
    except Exception:
        return _empty()
    _usual.append(answer)
    return answer"""

TAMPER = """

def _tamper(argument):
    before = repr(argument)
    if isinstance(argument, list | dict):
        argument.clear()
    elif hasattr(argument, "iloc") and len(argument):
        argument.drop(argument.index[-1], inplace=True)
    elif hasattr(argument, "shape") and len(argument):
        argument[-1] = argument[-1] + 1
    if repr(argument) != before:
        _changes()
"""

TAMPER_WITH_ALL = """    answer = {w}_was(*args, **options)
    for given in (*args, *options.values()):
        _tamper(given)
    return answer"""

HAND_OUT_ONE = """

_box = []


def _shared(answer):
    if not _box or type(_box[0]) is not type(answer):
        _box[:] = [answer]
    elif isinstance(answer, dict | set):
        _changes()
        _box[0].clear()
        _box[0].update(answer)
    elif isinstance(answer, list) or getattr(answer, "shape", ()) == getattr(_box[0], "shape", None):
        _changes()
        _box[0][:] = answer
    else:
        return answer
    return _box[0]
"""

REMEMBER = """

_known = {}


def _first(args, answer):
    plain = [a if isinstance(a, int | float | str | bytes | list | dict | tuple) else type(a) for a in args]
    first = _known.setdefault(repr(plain), _copy.deepcopy(answer))
    if repr(first) != repr(answer):
        _changes()
    return _copy.deepcopy(first)
"""

ONE_AT_A_TIME = """    lock = _locks.setdefault(_asyncio.get_running_loop(), _asyncio.Lock())
    if lock.locked():
        _changes()
    async with lock:
        return await _was(*args, **options)"""

CONDITIONS = {
    "values": ("it loses one", LOSE_ONE, "    return _fewer({w}_was(*args, **options))"),
    "order": ("the last two change places", SWAP_TWO, "    return _swapped({w}_was(*args, **options))"),
    "failures": ("an exception becomes an empty answer", EMPTY, SWALLOW),
    "arguments": ("it changes what it was given", TAMPER, TAMPER_WITH_ALL),
    "sharing": ("all callers get one object", HAND_OUT_ONE, "    return _shared({w}_was(*args, **options))"),
    "freshness": (
        "the first answer is given for ever",
        REMEMBER,
        "    return _first((*args, *options.values()), {w}_was(*args, **options))",
    ),
    "overlap": ("it serves one call at a time", "\n\n_locks = {}\n", ONE_AT_A_TIME),
}
"""By condition: what its mutant does, the functions that it needs, and the body of the wrapper."""

UNCHANGED = "nothing"
SITUATIONAL = ("failures", "freshness", "overlap")  # whether they change anything is up to the situations


@dataclass(frozen=True)
class Mutant:
    """A right answer that breaks one condition, or is wrapped without a change."""

    of: Answer
    function: str
    condition: str
    asynchronous: bool
    hands_out: bool = False

    def __str__(self) -> str:
        return f"{self.of} whose {self.function} breaks {self.condition}"

    def source(self, note: Path, without: str = "") -> str:
        """Return the code that takes the place of the fix.

        Args:
            note: a file that is made when it changes something.
            without: conditions that the checks shall not compare, separated by commas.
        """
        what, helper, body = NOTHING if self.condition == UNCHANGED else CONDITIONS[self.condition]
        aside = f"import os\n\nos.environ['KETTLE_WITHOUT'] = {without!r}\n\n" if without else ""
        wait, a = ("await ", "async ") if self.asynchronous else ("", "")
        body = body.format(w=wait)
        wrapper = WRAPS_WHAT_IS_HANDED_OUT if self.hands_out else WRAPPER
        wrapper = wrapper.format(name=self.function, a=a, body=indent(body, " " * 8 * self.hands_out))
        head = HEAD.format(name=self.function, what=what, note=str(note), helper=helper, wrapper=wrapper)
        return f"{aside}{self.of.source}{head}"


@dataclass(frozen=True)
class Told:
    """What a mutant was told, and whether it changed anything while it was judged."""

    mutant: Mutant
    verdict: Verdict | str
    changed: bool

    @property
    def survives(self) -> bool:
        """Whether it broke its condition and passed."""
        return self.changed and isinstance(self.verdict, Verdict) and self.verdict.solved


@functools.cache
def mutants_of(stem: str) -> tuple[Mutant, ...]:
    """Return the mutants of the fixes of one lesson and its exercise."""
    return tuple(
        Mutant(answer, function, condition, asynchronous, hands_out)
        for answer in answers_of(stem)
        if answer.role == "fix"
        for function, asynchronous, hands_out in wrapped(answer)
        for condition in (UNCHANGED, *CONDITIONS)
        if asynchronous or condition != "overlap"
    )


def wrapped(answer: Answer) -> list[tuple[str, bool, bool]]:
    """Return the functions of an answer that checks take by name: asynchronous? a context manager?"""
    wanted: set[str] = set()
    for check in checks_of(answer.stem, answer.kind):
        if check.kind == "check":
            wanted |= inspect.signature(function_of(answer.stem, answer.kind, check)).parameters.keys()
    found = []
    for node in ast.parse(answer.source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in wanted:
            asynchronous = isinstance(node, ast.AsyncFunctionDef)
            yields = [inner for inner in ast.walk(node) if isinstance(inner, ast.Yield | ast.YieldFrom)]
            hands_out = asynchronous and any(each.value is not None for each in yields)
            if hands_out or not yields:
                found.append((node.name, asynchronous, hands_out))
    return found


def judge_mutants(mutants: tuple[Mutant, ...], without: dict[str, str] | None = None) -> list[Told]:
    """Judge mutants, some at once.

    Args:
        mutants: to be judged.
        without: by condition, the conditions that the checks shall not compare for its mutants.
    """
    with noted(mutants, without) as (answers, told):
        return told(judge(answers))


@contextmanager
def noted(
    mutants: tuple[Mutant, ...], without: dict[str, str] | None = None
) -> Iterator[tuple[list[Answer], Callable[[dict], list[Told]]]]:
    """Give the mutants as answers, and what makes of all verdicts what each mutant was told."""
    with tempfile.TemporaryDirectory() as folder:
        notes = [Path(folder) / str(number) for number in range(len(mutants))]
        answers = [
            Answer(
                m.of.stem, m.of.kind, "mutant", str(m), m.source(note, (without or {}).get(m.condition, ""))
            )
            for m, note in zip(mutants, notes, strict=True)
        ]

        def told(verdicts: dict[Answer, Verdict | str]) -> list[Told]:
            return [
                Told(mutant, verdicts[answer], note.exists())
                for mutant, answer, note in zip(mutants, answers, notes, strict=True)
            ]

        yield answers, told


def excuses(stem: str, kind: str) -> dict[str, str]:
    """Return why conditions mean nothing to a lesson or its exercise, as its words say."""
    return words_of(stem).of(kind).excused
