"""Attributes that are replaced for a while: in layers, which may come and go in any order."""

import inspect
import threading
from collections.abc import Callable, MutableMapping
from contextlib import ExitStack
from types import ModuleType
from typing import Any

Make = Callable[[Any], Any]
_NOTHING = object()
_LOCK = threading.RLock()


class Patches:
    """What is replaced in the whole process while any block is open; blocks may overlap in any order.

    install: called with this, as the first block opens; it puts in what is wanted.
    """

    def __init__(self, install: Callable[["Patches"], None]) -> None:
        self._install, self._lock, self._users = install, threading.Lock(), 0
        self.undo = ExitStack()

    def open(self) -> None:
        """Put the replacements in, unless somebody has."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._install(self)

    def close(self) -> None:
        """Take the replacements out, unless somebody still needs them."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self.undo.close()

    def put(self, owner: Any, name: str, make: Make, *, under: bool = False) -> None:
        """Replace an attribute by what is made of it, as `replace` does."""
        self.undo.callback(replace(owner, name, make, under=under))


class Once:
    """Makes the same replacement of the same thing each time: one function may stand under many names."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._made: list[tuple[Any, Any]] = []

    def __call__(self, below: Any) -> Any:
        """Return what is made of this, now or before."""
        for known, made in self._made:
            if known is below:
                return made
        made = self._make(below)
        self._made.append((below, made))
        return made


def replace(owner: Any, name: str, make: Make, *, under: bool = False) -> Callable[[], None]:
    """Replace an attribute, or an item of a mapping, by what is made of it; return what undoes this.

    Others may replace the same one meanwhile. Whoever is undone first, the rest stay in place, each made of
    the one before it, and what was there at first comes back with the last.

    make: called with what is there, and again where a layer below this one has come or gone.
    under: lie below all others, which then watch this replacement instead of what was there.
    """
    if isinstance(owner, ModuleType):
        owner = vars(owner)  # so that a module and its globals() are one place
    with _LOCK:
        place = _PLACES.get((id(owner), name))
        if place is None or place.value is not place.shown:  # somebody else has replaced it since
            place = _PLACES[id(owner), name] = _Place(owner, name)
        layer = place.add(make, 0 if under else len(place.layers))
    return lambda: place.remove(layer)


class _Place:
    """An attribute, or an item of a mapping, with the layers that lie over what was there."""

    def __init__(self, owner: Any, name: str) -> None:
        self.owner, self.name = owner, name
        self.before = self.shown = self.value
        self.lowest = inspect.getattr_static(owner, name) if self.before is _NOTHING else self.before
        self.layers: list[Once] = []

    @property
    def value(self) -> Any:
        """What stands there now; _NOTHING where the owner only inherits it."""
        own = self.owner if isinstance(self.owner, MutableMapping) else getattr(self.owner, "__dict__", {})
        return own.get(self.name, _NOTHING)

    def add(self, make: Make, at: int) -> Once:
        layer = make if isinstance(make, Once) else Once(make)
        self.layers.insert(at, layer)
        self._show()
        return layer

    def remove(self, layer: Once) -> None:
        with _LOCK:
            ours = self.value is self.shown
            self.layers.remove(layer)
            if ours:  # else somebody has replaced it since, or put back what they had found
                self._show()
            if not self.layers and _PLACES.get((id(self.owner), self.name)) is self:
                del _PLACES[id(self.owner), self.name]

    def _show(self) -> None:
        self.shown = self.lowest if self.layers else self.before
        for layer in self.layers:
            self.shown = layer(self.shown)
        if isinstance(self.owner, MutableMapping):
            self.owner[self.name] = self.shown
        elif self.shown is _NOTHING:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self.shown)


_PLACES: dict[tuple[int, str], _Place] = {}  # what is replaced now, by the owner's id
