"""The routes of the shop's API: their names, paths and default latencies, and what can be set on each."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

HANGS = ("first byte", "mid body")
PIECES = 20
"""In how many pieces a body comes that drips."""


@dataclass(frozen=True)
class Route:
    """One route: its name, method, path template and default latency in seconds."""

    name: str
    method: str
    path: str
    latency: float

    def match(self, path: str) -> dict[str, str] | None:
        """Tell the values in `path`, or None where it is not a path of this route."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None

    @property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))  # re keeps compiled patterns


ROUTES: dict[str, Route] = {
    route.name: route
    for route in (
        Route("profile", "GET", "/customers/{customer}", 0.080),
        Route("orders", "GET", "/customers/{customer}/orders", 0.120),
        Route("alerts", "GET", "/customers/{customer}/alerts", 0.060),
        Route("address", "GET", "/addresses/{address}", 0.040),
        Route("product", "GET", "/products/{sku}", 0.050),
        Route("reviews", "GET", "/products/{sku}/reviews", 0.070),
        Route("related", "GET", "/products/{sku}/related", 0.090),
        Route("stock", "GET", "/suppliers/{supplier}/stock", 0.200),
        Route("catalogue", "GET", "/suppliers/{supplier}/items/{item}", 0.020),
        Route("quote", "GET", "/couriers/{courier}/quote", 0.100),
        Route("tax", "GET", "/tax/{country}", 0.010),
        Route("rates", "POST", "/rates", 0.150),
        Route("health", "GET", "/health", 0.0),
    )
}


@dataclass(frozen=True)
class Settings:
    """How a route behaves.

    latency: seconds before the answer. jitter: up to so many seconds more, drawn for each call from a
    seeded generator, in the order of their arrival. shuffle: up to so many seconds more, drawn for each path
    and its how-manieth call, so that in two shops of one seed the same calls are late, whichever comes first.
    late_body: seconds for which an answer stops in the midst of its body, after its latency.
    drip: seconds between the PIECES in which a body then comes. cut_body: whether the connection is
    closed in the midst of the body. size: bytes to which an answer is
    filled up with spaces, which JSON does not mind. fail: share of calls, 0 to 1, answered 503 after their
    latency. hang: None, or the point at which calls stop until it is set anew: "first byte" or "mid body".
    rate_limit: calls a second; those beyond it are answered 429 at once, with Retry-After. max_in_flight:
    calls at a time; likewise.
    """

    latency: float
    jitter: float = 0.0
    shuffle: float = 0.0
    late_body: float = 0.0
    drip: float = 0.0
    cut_body: bool = False
    size: int = 0
    fail: float = 0.0
    hang: str | None = None
    rate_limit: float | None = None
    max_in_flight: int | None = None

    def __post_init__(self) -> None:
        for name in ("latency", "jitter", "shuffle", "late_body", "drip"):
            if not _is_number(getattr(self, name), 0, 3600):
                raise ValueError(f"{name} is in seconds, 0 or more, not {getattr(self, name)!r}.")
        if not (_is_number(self.size, 0, 1e8) and isinstance(self.size, int)):
            raise ValueError(f"size is a number of bytes, 0 or more, not {self.size!r}.")
        if not _is_number(self.fail, 0, 1):
            raise ValueError(f"fail is the share of calls that fail, 0 to 1, not {self.fail!r}.")
        if self.hang is not None and self.hang not in HANGS:
            raise ValueError(f'hang is None, "first byte" or "mid body", not {self.hang!r}.')
        for name in ("rate_limit", "max_in_flight"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value, 0, 1e9) and value > 0):
                raise ValueError(f"{name} is None or more than 0, not {value!r}.")


def defaults() -> dict[str, Settings]:
    """Make the settings with which a shop opens, by route name."""
    return {name: Settings(latency=route.latency) for name, route in ROUTES.items()}


def changes(**settings: Any) -> dict[str, Any]:
    """Keep those of `settings` that were given; an ellipsis stands for "leave it as it is"."""
    return {name: value for name, value in settings.items() if not isinstance(value, EllipsisType)}


def named(names: Iterable[str]) -> tuple[str, ...]:
    """Check the names of routes.

    Raises ValueError with a sentence where there is no such route.
    """
    names = tuple(names)
    for name in names:
        if name not in ROUTES:
            close = difflib.get_close_matches(str(name), ROUTES, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"The shop has no route {name!r}.{hint} Its routes are: {', '.join(ROUTES)}.")
    return names


def find(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    """Find the route of a request, with the values in its path."""
    for route in ROUTES.values():
        if route.method == method and (values := route.match(path)) is not None:
            return route, values
    return None, {}


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
