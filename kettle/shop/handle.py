"""Shop: the handle on one Kettle & Crumb, served by a process of its own on loopback."""

from __future__ import annotations

import itertools
import os
import random
import secrets
import weakref
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from kettle.shop.client import ShopClosed, ShopProcess
from kettle.shop.data import Data
from kettle.shop.meeting import PATIENCE, RendezvousWindow
from kettle.shop.routes import ROUTES, Settings, changes, defaults, named
from kettle.shop.traffic import TrafficWindow

if TYPE_CHECKING:
    from types import EllipsisType

    import aiohttp

    from kettle.processes.child import Reply

_numbers = itertools.count(1)


class Shop:
    """Kettle & Crumb, open for business: an API with a port, data, settings and counters of its own.

    seed: of the data and of all that is random; None: a fresh one. handshake: seconds that each new TCP
    connection costs. The shops of a process share one server process, which starts with the first shop and
    ends with the process that started it. A shop closes with its `with` block, by `close()`, or when it is
    forgotten.
    """

    def __init__(self, seed: int | None = None, *, handshake: float = 0.0) -> None:
        if handshake < 0:
            raise ValueError(f"handshake is in seconds, 0 or more, not {handshake!r}.")
        self.seed = secrets.randbelow(10**6) if seed is None else seed
        self.handshake = handshake
        self.data = Data(self.seed)
        self.settings: dict[str, Settings] = defaults()
        self._rng = random.Random(self.seed)
        self._url: str | None = None
        self._number = next(_numbers)
        self._server = ShopProcess.running()
        self._opening = self.tell("open", seed=self.seed, handshake=handshake)
        self._finalizer = weakref.finalize(self, _forget, self._server, self._number)

    @property
    def url(self) -> str:
        """Where the shop answers: http://127.0.0.1:PORT, without a slash at the end; raises ShopClosed."""
        if self._url is None:
            port = self._opening.wait()
            self._url = f"http://127.0.0.1:{port}"
            _bypass_proxy()
        return self._url

    @property
    def closed(self) -> bool:
        """Whether the shop has been closed."""
        return not self._finalizer.alive

    def session(self, **options: Any) -> aiohttp.ClientSession:
        """Make an aiohttp.ClientSession for this shop, to be closed by `async with`.

        Call it inside a running event loop. options: of aiohttp.ClientSession. Paths then start with a slash:
        `session.get("/customers/1001")`.
        """
        import aiohttp

        return aiohttp.ClientSession(base_url=self.url, **options)

    def set(
        self,
        *routes: str,
        latency: float | EllipsisType = ...,
        jitter: float | EllipsisType = ...,
        shuffle: float | EllipsisType = ...,
        late_body: float | EllipsisType = ...,
        drip: float | EllipsisType = ...,
        cut_body: bool | EllipsisType = ...,
        size: int | EllipsisType = ...,
        fail: float | EllipsisType = ...,
        hang: str | EllipsisType | None = ...,
        rate_limit: float | EllipsisType | None = ...,
        max_in_flight: int | EllipsisType | None = ...,
    ) -> None:
        """Change how routes behave (none named: all of them); what is not given stays as it is.

        See Settings for the units. The random numbers of these routes start afresh, and calls that hang there
        go on. Raises ValueError for an unknown route or a value out of range, ShopClosed.
        """
        given = changes(
            latency=latency,
            jitter=jitter,
            shuffle=shuffle,
            late_body=late_body,
            drip=drip,
            cut_body=cut_body,
            size=size,
            fail=fail,
            hang=hang,
            rate_limit=rate_limit,
            max_in_flight=max_in_flight,
        )
        names = named(routes) or tuple(ROUTES)
        changed = {name: replace(self.settings[name], **given) for name in names}
        self.tell("set", routes=names, changes=given).wait()
        self.settings.update(changed)

    def break_calls(
        self, *paths: str, calls: Iterable[int] = (), status: int | None = HTTPStatus.SERVICE_UNAVAILABLE
    ) -> None:
        """Let calls of paths, such as "/suppliers/7/stock", fail after their usual time, from now on.

        calls: the numbers of those that fail, counted for each path from now, the first being 1; none given:
        all of them. status: of the answer; None: the connection breaks instead. Raises ShopClosed.
        """
        status = None if status is None else int(status)
        self.tell("break_calls", paths=paths, calls=list(calls), status=status).wait()

    def slow_down(self, *paths: str, seconds: float) -> None:
        """Let calls of paths, such as "/suppliers/7/stock", take so many seconds more, from now on."""
        self.tell("slow_down", paths=paths, seconds=float(seconds)).wait()

    def answer_with(self, *paths: str, answer: Any, content_type: str = "application/json") -> None:
        """Let calls of paths, such as "/products/KC-0007/reviews", be answered with this JSON, from now on.

        What the caller's own code does not expect is a bug of that code, and no failure of the shop's.
        content_type: what the answer says that it is, such as "text/html" for a page that a proxy put there.
        """
        self.tell("answer_with", paths=paths, answer=answer, content_type=content_type).wait()

    def drop_idle(self) -> None:
        """Close the connections that carry no call just now, as servers do with those that are idle."""
        self.tell("drop_idle").wait()

    def revise(self) -> None:
        """Let the shop answer otherwise from now on; customers, orders and suppliers keep their ids.

        Names, orders and levels change, customers move to other addresses, every fourth supplier is sold out.
        """
        self.tell("revise").wait()
        self.data.revision += 1

    def traffic(self) -> TrafficWindow:
        """Watch what the server sees in a `with` or `async with` block; see TrafficWindow and Traffic."""
        return TrafficWindow(self)

    def rendezvous(
        self, count: int | None = None, routes: Iterable[str] = (), *, patience: float = PATIENCE
    ) -> RendezvousWindow:
        """Hold calls in a `with` or `async with` block until they are in flight together; then all pass.

        count: so many calls of any of `routes` (none: of any route). Without count: one of each of `routes`,
        a name given twice standing for two. patience: seconds without another needed call, after which
        all are let go for good: a right answer waits for nothing but its own calls, a wrong one pays patience
        once. Raises ValueError for an unknown route, or where neither count nor routes is given.
        """
        names = named((routes,) if isinstance(routes, str) else routes)
        if count is None and not names:
            raise ValueError("A rendezvous needs a count of calls, or the routes that must meet.")
        return RendezvousWindow(self, routes=names, count=count, patience=patience)

    def any_customer(self) -> int:
        """Pick the id of a customer, by the shop's seed; another one each time."""
        return self._rng.choice(self.data.customers)

    def close(self) -> None:
        """Close the shop; its port is free afterwards. The server process stays for other shops."""
        if self._finalizer.detach():
            with suppress(ShopClosed):
                self._server.tell("close", tenant=self._number).wait()

    def tell(self, what: str, **details: Any) -> Reply:
        """Send a command about this shop to the server; raises ShopClosed."""
        if getattr(self, "_finalizer", None) is not None and self.closed:
            raise ShopClosed("This shop is closed. Make a new Shop() to open another.")
        return self._server.tell(what, tenant=self._number, **details)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError("A Shop stays in its process: hand shop.url to the other one.")

    def __repr__(self) -> str:
        where = "closed" if self.closed else self._url or "opening"
        cost = f", handshake={self.handshake}" if self.handshake else ""
        return f"<Shop(seed={self.seed}{cost}): {where}>"


def _forget(server: ShopProcess, number: int) -> None:
    # Called by the collector: it must neither wait nor complain.
    with suppress(ShopClosed):
        server.tell("close", tenant=number)


def _bypass_proxy() -> None:
    """Let clients that obey proxy variables (requests, httpx, urllib) reach loopback directly."""
    if not any(name.lower() in ("http_proxy", "all_proxy") for name in os.environ):
        return
    for name in ("no_proxy", "NO_PROXY"):
        hosts = os.environ.get(name, "")
        if "127.0.0.1" not in hosts and hosts != "*":
            os.environ[name] = f"{hosts},127.0.0.1".lstrip(",")
