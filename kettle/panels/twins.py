"""Whether two versions are the same program, so that a comparison would say nothing."""

from __future__ import annotations

import dis
import functools
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

NOP = bytes((dis.opmap["NOP"], 0))
KEPT = "Perhaps your fix has not run, or the cell that keeps the merged version ran after it."
AGAIN = "Run the merged code, then the cell that keeps it, then your fix."


def one_function(before: Callable, after: Callable) -> str:
    """Say what to do where two versions run the same code, whatever their names; else return nothing.

    Functions of the notebook are followed by the names that they use, through defaults and decorators.
    """
    if before is after:
        return f"`{_name(before)}` was given twice. Give the merged version first, then yours."
    if not isinstance(before, FunctionType) or not isinstance(after, FunctionType):
        return ""
    if list(_passed(before.__code__)) != list(_passed(after.__code__)):
        return ""
    prints = [_Prints(each) for each in (before, after)]
    same_steps = before.__code__.co_code == after.__code__.co_code
    differ = prints[0].uses != prints[1].uses if same_steps else prints[0].parts != prints[1].parts
    if differ or (
        not same_steps and prints[0].parts == {0}
    ):  # other steps, and nothing else that could be one
        return ""
    kept, mine = _own_name(before, after), _own_name(after, before)
    both = f"`{kept}` and `{mine}` are the same function." if kept and mine else "Both run the same code."
    return f"{both} {KEPT} {AGAIN}"


def _own_name(user: Callable, other: Callable) -> str:
    """Return the name of a function that the one uses and the other does not."""
    own = [name for name in _names(user) if name not in _names(other)]
    return next((name for name in own if callable(user.__globals__.get(name))), "")


def _name(function: Callable) -> str:
    function = getattr(function, "func", function)
    return getattr(function, "__name__", type(function).__name__)


def _names(function: Callable) -> tuple[str, ...]:
    return getattr(getattr(function, "__code__", None), "co_names", ())


def _passed(code: CodeType) -> Iterator[str]:
    """Yield the constants that a code uses, in order; names of arguments are none."""
    for step in dis.get_instructions(code):
        if step.opname.startswith("LOAD_CONST") or step.opname == "LOAD_SMALL_INT":
            if isinstance(step.argval, CodeType):
                yield from _passed(step.argval)
            elif step.argval is not None and not _are_names(step.argval):
                yield repr(step.argval)


def _are_names(constant: Any) -> bool:
    return isinstance(constant, tuple) and all(isinstance(each, str) for each in constant)


class _Prints:
    """Fingerprints of the program behind a function: equal where the same code uses the same things.

    Args:
        function: a function of a notebook.
    """

    def __init__(self, function: Callable) -> None:
        self._function = function
        self._known: dict[int, int] = {id(function): 0}
        self.uses = [self._of(thing) for thing in _used(function)]  # in the order of its names
        self.parts = set(self._known.values())

    def _of(self, thing: Any) -> int:
        if not _is_of(self._function, thing):
            return id(thing)
        if id(thing) not in self._known:
            self._known[id(thing)] = 0  # functions may call each other in a circle
            self._known[id(thing)] = hash((_told(thing), *(self._of(each) for each in _used(thing))))
        return self._known[id(thing)]


def _is_of(function: Callable, thing: Any) -> bool:
    """Whether a thing was made in the notebook that the function was made in."""
    if isinstance(thing, functools.partial):
        return True
    return callable(thing) and getattr(thing, "__module__", "") == getattr(function, "__module__", None)


def _told(thing: Any) -> Any:
    code = getattr(thing, "__code__", None)
    return _key(code) if isinstance(code, CodeType) else type(thing)


def _key(code: CodeType) -> tuple:
    """What a code does, whichever cell and line it stands in."""
    constants = tuple(
        _key(each) if isinstance(each, CodeType) else (type(each), repr(each)) for each in code.co_consts
    )
    return _steps(code), code.co_names, code.co_varnames, code.co_freevars, code.co_flags, constants


def _steps(code: CodeType) -> bytes:
    """Return its steps, without those that line_profiler appends to a function that it watches."""
    steps = code.co_code
    while steps.endswith(NOP):
        steps = steps.removesuffix(NOP)
    return steps


def _used(thing: Any) -> Iterator:
    """Yield what a function, a class, a decorated function or a partial one uses."""
    if isinstance(thing, type):
        yield from (each for each in vars(thing).values() if callable(each))
        return
    for more in ("__wrapped__", "__func__", "func", "fget"):
        if hasattr(thing, more):
            yield getattr(thing, more)
    if isinstance(thing, functools.partial):
        yield from (*thing.args, *thing.keywords.values())
    code = getattr(thing, "__code__", None)
    if not isinstance(code, CodeType):
        return
    known = getattr(thing, "__globals__", {})
    yield from (known[name] for name in _all_names(code) if name in known)
    yield from (thing.__defaults__ or ())
    yield from (thing.__kwdefaults__ or {}).values()
    for cell in thing.__closure__ or ():
        if cell != type(cell)():  # an empty cell has no contents yet
            yield cell.cell_contents


def _all_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _all_names(each)
