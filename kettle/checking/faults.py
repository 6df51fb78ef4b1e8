"""Faults: what goes wrong with the calls that one page makes, told of by the names of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Faults:
    """Makes what a situation's `prepare` wants, for a world of `counted_shop`.

    paths: of the shop, by the names of the page's parts, such as {"rating": "/products/KC-0042/reviews"}.
    """

    paths: Mapping[str, str]

    def down(self, *parts: str, calls: tuple[int, ...] = (), status: int | None = 503) -> Callable:
        """Let the calls for some parts fail: see `Shop.break_calls`."""
        paths = [self.paths[part] for part in parts]
        return lambda w: w.shop.break_calls(*paths, calls=calls, status=status)

    def slow(self, part: str, seconds: float) -> Callable:
        """Let the calls for a part take so many seconds more."""
        return lambda w: w.shop.slow_down(self.paths[part], seconds=seconds)

    def answers(self, part: str, answer: Any) -> Callable:
        """Let the calls for a part be answered with this."""
        return lambda w: w.shop.answer_with(self.paths[part], answer=answer)

    def raises(self, part: str, error: type[BaseException]) -> Callable:
        """Let the client raise an error of this kind where the call for a part has been answered."""
        return lambda w: w.wrong.update({self.paths[part]: error})


def all_of(*faults: Callable) -> Callable:
    """Let several things go wrong."""

    def prepare(world: Any) -> None:
        for fault in faults:
            fault(world)

    return prepare
