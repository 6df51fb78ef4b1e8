"""Calls of a named function: how many there were, and with which arguments.

A function written in Python is counted at its code, so every reference to it counts: the name in its module,
a name imported elsewhere, the function inside an lru_cache. Other callables (written in C, or objects with
`__call__`) are replaced by name, in their owner and in each imported module that holds them.

Calls made in another process are not seen; see `kettle.probes.work` for noticing that work went there.

    with count_calls(tariff, "price") as calls:
        labels(parcels)
    calls.count, calls.distinct
"""

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from types import FunctionType, MethodType, ModuleType
from typing import Any

from kettle.layers import Once, replace
from kettle.probes.engines.stand_in import tapped


class Calls:
    """The calls of one function; it fills while the `with` block runs and stays readable afterwards."""

    def __init__(self, name: str, signature: inspect.Signature | None, bound: bool) -> None:
        self.name = name
        self._signature = signature
        self._bound = bound
        self._seen: list[tuple[tuple, dict, Any]] = []

    @property
    def count(self) -> int:
        """How often the body was started."""
        return len(self._seen)

    @property
    def arguments(self) -> tuple[dict[str, Any], ...]:
        """The arguments of each call by parameter name, defaults included, without `self` and `cls`.

        Where a callable tells no signature, positions (0, 1, ...) stand in for names. The objects are the
        caller's own and stay alive as long as this record does.
        """
        return tuple(self._by_name(args, kwargs) for args, kwargs, _ in list(self._seen))

    @property
    def distinct(self) -> int:
        """How many different arguments there were: `f(1)` and `f(x=1)` are the same, 1 and True are not."""
        return len({self._key(*seen) for seen in list(self._seen)})

    def add(self, args: tuple, kwargs: dict) -> None:
        """Note one call. Lists and the like are noted by value, since the caller may change them later."""
        if self._bound:
            args = args[1:]
        try:
            hash((args, *kwargs.values()))
            key = None
        except TypeError:
            key = _frozen(self._by_name(args, kwargs))
        self._seen.append((args, kwargs, key))  # append is atomic: no lock is needed among threads

    def _by_name(self, args: tuple, kwargs: dict) -> dict:
        if self._signature is not None:
            try:
                bound = self._signature.bind(*args, **kwargs)
            except TypeError:  # a wrong call raises where it was made; Python 3.11 tells of it, too
                pass
            else:
                bound.apply_defaults()
                return dict(bound.arguments)
        return {**dict(enumerate(args)), **kwargs}

    def _key(self, args: tuple, kwargs: dict, key: Any) -> Any:
        return key if key is not None else _frozen(self._by_name(args, kwargs))

    def __repr__(self) -> str:
        times = "time" if self.count == 1 else "times"
        return f"{self.name} called {self.count} {times} with {self.distinct} distinct arguments"


@contextmanager
def count_calls(target: Any, name: str | None = None) -> Iterator[Calls]:
    """Count the calls of a function while the block runs.

    Arguments:
        target: "module:qualname" (the module is imported), a function or method, a pair (owner, attribute),
            or an owner (module, class, object, or a dict such as `globals()`) whose attribute or key is
            `name`. A class means its constructions, a property its getter, a method the calls for all
            instances.
        name: the attribute or key, if `target` is an owner.

    Yields `Calls`. A coroutine function or generator is counted when its body starts, not when it is made.
    Windows may overlap, also on the same function and from several threads; the function is itself again
    after the last one.

    Raises LookupError or AttributeError if there is no such name, TypeError if it cannot be called or
    watched.
    """
    owner, key, found = _resolve(target, name)
    with ExitStack() as undo:
        yield _watch(owner, key, found, undo)


def _resolve(target: Any, name: str | None) -> tuple[Any, str | None, Any]:
    if isinstance(target, tuple):
        target, name = target
    if isinstance(target, str) and name is None:
        module, _, qualname = target.partition(":")
        if not qualname:
            raise LookupError(f"{target!r} names no function: write it as 'module:function'")
        *owners, name = qualname.split(".")
        target = functools.reduce(getattr, owners, importlib.import_module(module))
    if name is None:
        return None, None, target
    if isinstance(target, MutableMapping):
        return target, name, target[name]
    return target, name, inspect.getattr_static(target, name)


def _watch(owner: Any, key: str | None, found: Any, undo: ExitStack) -> Calls:
    bound = _in_a_class(owner, key) and not isinstance(found, staticmethod)
    bound = bound or isinstance(found, MethodType | property)
    found = _function_in(found)
    if isinstance(found, type):
        return _watch_class(found, undo)
    if not callable(found):
        raise TypeError(f"{key or found!r} cannot be called, so its calls cannot be counted")
    calls = Calls(getattr(found, "__qualname__", key or repr(found)), _signature(found, bound), bound)
    if isinstance(found, FunctionType):
        undo.enter_context(tapped(found, calls.add))
    elif owner is None or key is None:
        raise TypeError(
            f"{calls.name} is not written in Python: name its owner, as in count_calls(owner, 'name')"
        )
    else:
        _replace_everywhere(owner, key, found, calls, undo)
    return calls


def _in_a_class(owner: Any, key: str | None) -> bool:
    if owner is None or isinstance(owner, MutableMapping | ModuleType):
        return False
    return isinstance(owner, type) or key not in getattr(owner, "__dict__", {})


def _watch_class(cls: Any, undo: ExitStack) -> Calls:
    init: Any = cls.__init__
    calls = Calls(cls.__qualname__, _signature(cls, False), True)
    if isinstance(init, FunctionType):
        undo.enter_context(tapped(init, calls.add))
        return calls

    def counting(init: Any) -> Callable:
        def counted(self: Any, *args: Any, **kwargs: Any) -> None:
            calls.add((self, *args), kwargs)
            # Else __new__ took the arguments.
            if init is not object.__init__ or cls.__new__ is object.__new__:
                init(self, *args, **kwargs)

        return counted

    undo.callback(replace(cls, "__init__", counting))
    return calls


def _signature(function: Callable, bound: bool) -> inspect.Signature | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())
    if bound and parameters and parameters[0].kind in (0, 1):
        signature = signature.replace(parameters=parameters[1:])
    return signature


class _Proxy:
    """Looks like the callable it stands for, and tells of each call."""

    def __init__(self, real: Callable, calls: Calls) -> None:
        self._real, self._calls = real, calls

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._calls.add(args, kwargs)
        return self._real(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        binds = hasattr(type(self._real), "__get__")  # functions of C do not, an lru_cache does
        return MethodType(self, instance) if binds and instance is not None else self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _replace_everywhere(owner: Any, key: Any, real: Any, calls: Calls, undo: ExitStack) -> None:
    proxy = Once(lambda below: _Proxy(_function_in(below), calls))
    undo.callback(replace(owner, key, proxy))
    for module in list(sys.modules.values()):
        space = getattr(module, "__dict__", {})
        for name in [name for name, value in list(space.items()) if value is real]:
            undo.callback(replace(space, name, proxy))


def _function_in(found: Any) -> Any:
    if isinstance(found, MethodType | staticmethod | classmethod):
        return found.__func__
    return found.fget if isinstance(found, property) else found


def _frozen(value: Any) -> Any:
    """A hashable stand-in that is equal for equal values, types told apart."""
    if isinstance(value, dict):
        return dict, frozenset((_frozen(key), _frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return type(value), tuple(map(_frozen, value))
    if isinstance(value, set | frozenset):
        return set, frozenset(map(_frozen, value))
    if not isinstance(value, type) and hasattr(value, "tobytes") and hasattr(value, "shape"):  # NumPy
        return type(value), str(value.dtype), value.shape, value.tobytes()
    try:
        hash(value)
    except TypeError:
        return type(value), id(value)
    return type(value), value
