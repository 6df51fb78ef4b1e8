"""Listening to a function written in Python by lending it another code object for a while.

The function object stays the same one, so every reference to it is heard, however it was imported or stored.
"""

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

_LOCK = threading.RLock()
_TAPS: dict[int, "_Tap"] = {}


@contextmanager
def tapped(function: FunctionType, listener: Callable[[tuple, dict], None]) -> Iterator[None]:
    """Tell `listener(args, kwargs)` of each call of `function` while the block runs, before its body starts.

    Blocks may overlap in any order; the function has its own code again when the last one ends.
    """
    with _LOCK:
        tap = _TAPS.get(id(function)) or _TAPS.setdefault(id(function), _Tap(function))
        tap.listeners.append(listener)
    try:
        yield
    finally:
        with _LOCK:
            tap.listeners.remove(listener)
            if not tap.listeners:
                tap.function.__code__ = tap.code
                del _TAPS[id(tap.function)]


class _Tap:
    """The borrowed code of one function, and all who listen to it just now."""

    def __init__(self, function: FunctionType):
        self.function, self.code, self.listeners = function, function.__code__, []
        self.original = _clone(function)
        function.__code__ = _stand_in(self.code, self.hear)

    def hear(self, args: tuple, kwargs: dict) -> Any:
        for listener in tuple(self.listeners):
            listener(args, kwargs)
        return self.original(*args, **kwargs)


def _clone(function: FunctionType) -> FunctionType:
    clone = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    clone.__kwdefaults__ = function.__kwdefaults__
    clone.__qualname__, clone.__module__ = function.__qualname__, function.__module__
    return clone


_MARK = 0x6B6574746C65  # stands in the template where the hook goes
_TEMPLATE = """
def outer():
    {cells}
    {head} stand_in(*args, **kwargs):
        hook = {mark}
        {body}
        {names}
    return stand_in.__code__
"""
_PLAIN = ("def", "return hook(args, kwargs)")
_COROUTINE = ("async def", "return await hook(args, kwargs)")
_GENERATOR = ("def", "return (yield from hook(args, kwargs))")
_ASYNC_GENERATOR = (  # no `yield from` here; athrow must arrive, since asynccontextmanager lives by it
    "async def",
    """made = hook(args, kwargs)
        try:
            value = await made.asend(None)
            while True:
                try:
                    sent = yield value
                except GeneratorExit:
                    raise
                except BaseException as error:
                    value = await made.athrow(error)
                else:
                    value = await made.asend(sent)
        except StopAsyncIteration:
            return
        finally:
            await made.aclose()""",
)


def _stand_in(code: CodeType, hook: Callable) -> CodeType:
    """Code of the same kind, and with as many free variables (Python insists), that calls `hook`."""
    head, body = _kind(code)
    names = [f"free{index}" for index in range(len(code.co_freevars))]
    cells = " = ".join([*names, "None"])
    source = _TEMPLATE.format(cells=cells, head=head, body=body, mark=_MARK, names=", ".join(names) or "pass")
    scope: dict[str, Any] = {}
    exec(compile(source, __file__, "exec"), scope)
    made = scope["outer"]()
    consts = tuple(hook if const == _MARK else const for const in made.co_consts)
    return made.replace(co_consts=consts, co_name=code.co_name)


def _kind(code: CodeType) -> tuple[str, str]:
    if code.co_flags & inspect.CO_COROUTINE:
        return _COROUTINE
    if code.co_flags & inspect.CO_ASYNC_GENERATOR:
        return _ASYNC_GENERATOR
    return _GENERATOR if code.co_flags & inspect.CO_GENERATOR else _PLAIN
