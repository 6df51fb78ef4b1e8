"""Listening to a function written in Python by lending it another code object for a while.

The function object stays the same one, so every reference to it is heard, however it was imported or stored.
From Python 3.12 on that code is its twin, which sys.monitoring tells of. Python 3.11 has no such thing: there
it is code that calls the listener and then the function.
"""

import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import CodeType, FrameType, FunctionType
from typing import Any

Listener = Callable[[tuple, dict], object]
NO_TOOL = -1  # of sys.monitoring
_LOCK = threading.RLock()
_TAPS: dict[int, "_Lent | _Monitored"] = {}  # by the id of the function
_TWINS: dict[int, "_Monitored"] = {}  # by the id of the code: twins are equal


@contextmanager
def tapped(function: Callable, listener: Listener) -> Iterator[None]:
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
                tap.close()


class _Lent:
    """The borrowed code of one function, and all who listen to it just now (Python 3.11)."""

    # A call is three frames deep, so recursion that is right without a listener has to be right with one.
    _DEEPER = 3
    _before: int | None = None

    def __init__(self, function: Any) -> None:
        self.function, self.code = function, function.__code__
        self.listeners: list[Listener] = []
        self.original = _clone(function)
        if _Lent._before is None:
            _Lent._before = sys.getrecursionlimit()
            sys.setrecursionlimit(_Lent._before * self._DEEPER)
        function.__code__ = _stand_in(self.code, self.hear)

    def hear(self, args: tuple, kwargs: dict) -> Any:
        for listener in tuple(self.listeners):
            listener(args, kwargs)
        return self.original(*args, **kwargs)

    def close(self) -> None:
        if not _TAPS and _Lent._before is not None:
            with suppress(RecursionError):  # the block ends in deep recursion
                sys.setrecursionlimit(_Lent._before)
            _Lent._before = None


class _Monitored:
    """The twin of one function's code, and all who listen to it just now (Python 3.12 and later)."""

    _tool = NO_TOOL

    def __init__(self, function: Any) -> None:
        self.function, self.code = function, function.__code__
        self.listeners: list[Listener] = []
        self.twin = self.code.replace()  # other functions may share the code, as those of one factory do
        if _Monitored._tool == NO_TOOL:
            _Monitored._tool = _take_tool()
        _TWINS[id(self.twin)] = self
        sys.monitoring.set_local_events(self._tool, self.twin, sys.monitoring.events.PY_START)
        function.__code__ = self.twin

    def hear(self, frame: FrameType) -> None:
        args, kwargs = _given(frame)
        for listener in tuple(self.listeners):
            listener(args, kwargs)

    def close(self) -> None:
        sys.monitoring.set_local_events(self._tool, self.twin, 0)
        del _TWINS[id(self.twin)]
        if not _TAPS:
            sys.monitoring.register_callback(self._tool, sys.monitoring.events.PY_START, None)
            sys.monitoring.free_tool_id(self._tool)
            _Monitored._tool = NO_TOOL


def _take_tool() -> int:
    watch = sys.monitoring
    free = [tool for tool in (3, 4, 2, 1) if watch.get_tool(tool) is None]
    if not free:
        raise RuntimeError("Calls cannot be heard: other tools hold every place of sys.monitoring.")
    watch.use_tool_id(free[0], "kettle.probes.calls")
    watch.register_callback(free[0], watch.events.PY_START, _heard)
    return free[0]


def _heard(code: CodeType, offset: int) -> None:
    tap = _TWINS.get(id(code))
    if tap is not None:
        tap.hear(sys._getframe(1))


def _given(frame: FrameType) -> tuple[tuple, dict]:
    """Return the arguments of a call whose body starts: all that can be by position."""
    code, values = frame.f_code, frame.f_locals
    positional = code.co_argcount
    named = positional + code.co_kwonlyargcount
    names = code.co_varnames
    args = tuple(values[name] for name in names[:positional])
    kwargs = {name: values[name] for name in names[positional:named]}
    if code.co_flags & inspect.CO_VARARGS:
        args += values[names[named]]
        named += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        kwargs.update(values[names[named]])
    return args, kwargs


_Tap = _Monitored if sys.version_info >= (3, 12) else _Lent


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
    flags = made.co_flags | code.co_flags & inspect.CO_ITERABLE_COROUTINE  # of types.coroutine
    return made.replace(co_consts=consts, co_name=code.co_name, co_flags=flags)


def _kind(code: CodeType) -> tuple[str, str]:
    if code.co_flags & inspect.CO_COROUTINE:
        return _COROUTINE
    if code.co_flags & inspect.CO_ASYNC_GENERATOR:
        return _ASYNC_GENERATOR
    return _GENERATOR if code.co_flags & inspect.CO_GENERATOR else _PLAIN
