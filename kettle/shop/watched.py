"""What a window and a rendezvous have in common: opened and closed by a block, asked in it and after."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from kettle.processes import ChildTrouble
from kettle.processes.child import Reply

Result = TypeVar("Result")
_numbers = itertools.count(1)


class Told(Protocol):
    """What can be told a command: a shop."""

    def tell(self, what: str, **details: Any) -> Reply:
        """Send a command."""


class Watched(Generic[Result]):
    """Something that the server watches from the start of a block to its end."""

    opens_with: ClassVar[str]
    settle: ClassVar[float] = 0.0

    def __init__(self, shop: Told, **details: Any) -> None:
        self._shop = shop
        self._details = details
        self._number: int | None = None
        self._result: Result | None = None

    @staticmethod
    def read(report: dict[str, Any]) -> Result:
        """Make a result of the server's report."""
        raise NotImplementedError

    @property
    def result(self) -> Result:
        """What has been seen: in the block up to now, after it for good."""
        if self._result is not None:
            return self._result
        if self._number is None:
            raise RuntimeError("Nothing has been watched yet: use it in a `with` or an `async with` block.")
        return self.read(self._look(close=False).wait())

    def __enter__(self) -> Self:
        self._open().wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._result = self.read(self._look(close=True).wait())
        except ChildTrouble:
            if kind is None:  # what went wrong in the block is the better message
                raise

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._result = self.read(await self._look(close=True))
        except ChildTrouble:
            if kind is None:
                raise

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.result, name)

    def __repr__(self) -> str:
        if self._number is None:
            return f"<{type(self).__name__}, not opened yet>"
        return repr(self.result)

    def _open(self) -> Reply:
        if self._number is not None:
            raise RuntimeError("One block each: make a new one for another block.")
        self._number = next(_numbers)
        return self._shop.tell(self.opens_with, watcher=self._number, **self._details)

    def _look(self, close: bool) -> Reply:
        settle = self.settle if close else 0.0
        return self._shop.tell("look", watcher=self._number, settle=settle, close=close)
