"""The practice shop in virtual time: inside a run's own network, so that its latencies cost nothing."""

import asyncio
import itertools
from collections.abc import Iterable
from typing import Any

from kettle.shop.data import Data
from kettle.shop.routes import Settings, changes, named
from kettle.shop.tenant import Tenant
from kettle.shop.watch import Call, Window

from .network import network

_numbers = itertools.count(1)


class VirtualShop:
    """A shop for code that `run_virtual` runs; what it can be asked and told is as with a `Shop`.

    seed: of the data and of all that is random. Raises NotSupported in a loop that is not virtual.
    """

    def __init__(self, seed: int) -> None:
        loop, host = asyncio.get_running_loop(), f"shop{next(_numbers)}.test"
        self._tenant = Tenant(seed, 0.0, clock=loop.time)
        self._window = self._tenant.watchers[0] = Window()
        network().answer(host, 80, self._tenant.front)
        self.url, self._host = f"http://{host}", host

    @property
    def data(self) -> Data:
        """What the shop answers."""
        return self._tenant.data

    @property
    def settings(self) -> dict[str, Settings]:
        """How its routes behave."""
        return self._tenant.settings

    @property
    def calls(self) -> list[Call]:
        """The calls so far, in the order of their start, in virtual seconds; `ended` is None in flight."""
        return self._window.calls

    def session(self, **options: Any) -> Any:
        """Make an aiohttp.ClientSession for this shop, to be closed by `async with`."""
        import aiohttp

        return aiohttp.ClientSession(base_url=self.url, **options)

    def set(self, *routes: str, **settings: Any) -> None:
        """Change how routes behave (none named: all of them): see `Shop.set`."""
        self._tenant.set(named(routes) or tuple(self.settings), changes(**settings))

    def break_calls(self, *paths: str, calls: Iterable[int] = (), status: int | None = 503) -> None:
        """Let calls of paths fail, from now on: see `Shop.break_calls`."""
        self._tenant.break_calls(paths, list(calls), status)

    def slow_down(self, *paths: str, seconds: float) -> None:
        """Let calls of paths take so many seconds more, from now on."""
        self._tenant.slow_down(paths, seconds)

    def answer_with(self, *paths: str, answer: Any) -> None:
        """Let calls of paths be answered with this JSON, from now on."""
        self._tenant.answer_with(paths, answer)

    def take_up(self, connections: bool) -> None:
        """Let new connections be taken up, or wait without end, from now on."""
        network().be_silent(self._host, 80, not connections)

    def revise(self) -> None:
        """Let the shop answer otherwise from now on."""
        self.data.revision += 1
