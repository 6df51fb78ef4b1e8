"""Five sites, and their evenings: who connects, how many connections are open, who gets no answer."""

import random
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kettle.lessons.evening_clock import Clock, Places, Process
from kettle.lessons.evening_rules import Failed, Handle, Pool, Server

STATEMENT = 0.020  # seconds that each of a request's two statements takes
PATIENCE = 5.0  # seconds that a visitor waits for the answer
KNOWN = {
    *("ATOMIC_REQUESTS", "AUTOCOMMIT", "CONN_HEALTH_CHECKS", "CONN_MAX_AGE", "DISABLE_SERVER_SIDE_CURSORS"),
    *("ENGINE", "HOST", "NAME", "OPTIONS", "PASSWORD", "PORT", "TEST", "TIME_ZONE", "USER"),
}


@dataclass(frozen=True)
class Visit:
    """One request: when it comes, and for how long it asks a courier between its two statements (seconds)."""

    at: float
    courier: float = 0.0


@dataclass(frozen=True)
class Site:
    """One deployment of Django.

    server: "WSGI" or "ASGI". workers: its processes. threads: of each worker under WSGI; under ASGI each
    request has a thread of its own, and this is 0. granted: connections that the database, or PgBouncer, has
    for the whole site. ends_idle: seconds after which the database ends a connection that asks nothing, or
    None. pgbouncer: whether PgBouncer stands between, with transaction pooling.
    """

    name: str
    server: str
    workers: int
    threads: int
    granted: int
    ends_idle: float | None = None
    pgbouncer: bool = False
    visits: tuple[Visit, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        threads = f", {self.threads} thread{'s' * (self.threads > 1)} each" if self.threads else ""
        facts = [f"{self.server}, {self.workers} workers{threads}"]
        facts += [f"{self.granted} connections granted{' behind PgBouncer' * self.pgbouncer}"]
        facts += [f"idle ones ended after {self.ends_idle:g} s"] if self.ends_idle else []
        return f"{self.name:8} {'; '.join(facts)}"


@dataclass(frozen=True)
class Evening:
    """What became of a site's requests.

    connects: connections that were opened. refusals: those that were asked for in vain. most: open at once.
    refused, dropped, late: requests without an answer, since the database had no connection left, since
    theirs had been ended, or since it came too late. history: (seconds, connections open from then on).
    """

    site: Site
    connects: int
    refusals: int
    most: int
    refused: int = 0
    dropped: int = 0
    late: int = 0
    history: tuple[tuple[float, int], ...] = field(default=(), repr=False)

    @property
    def requests(self) -> int:
        """How many requests came."""
        return len(self.site.visits)

    @property
    def failed(self) -> int:
        """How many got no answer."""
        return self.refused + self.dropped + self.late

    def __str__(self) -> str:
        how = {"refused": self.refused, "on an ended connection": self.dropped, "too late": self.late}
        why = ", ".join(f"{count} {name}" for name, count in how.items() if count)
        failed = f"{self.failed} requests fail ({why})" if self.failed else "no request fails"
        return (
            f"{self.site.name:8} {self.requests:5} requests: {self.connects} times connected, "
            f"{self.most} open at most; {failed}"
        )


def simulate(site: Site, settings: Mapping[str, Any]) -> Evening:
    """Let a site's visitors come, with these settings of its database, by the rules of `evening_rules`.

    Raises ValueError, with a sentence, for settings that Django or psycopg's pool refuses.
    """
    sizes = starts(settings)
    clock = Clock()
    until = max((visit.at for visit in site.visits), default=0.0)
    server = Server(clock, site.granted, site.ends_idle, site.pgbouncer, until)
    rng = random.Random(len(site.visits))
    failed: Counter[str] = Counter()
    workers = [_Worker(clock, server, settings, sizes, site.threads) for _ in range(site.workers)]
    for visit in site.visits:
        clock.start(rng.choice(workers).serve(visit, failed), visit.at)
    clock.run()
    history = (*server.history, (max(until, clock.now), server.open))
    return Evening(
        site,
        server.connects - server.refusals,
        server.refusals,
        server.most,
        **failed,
        history=history,
    )


class _Worker:
    """A process of the site: its threads, and its pool where it has one."""

    def __init__(
        self, clock: Clock, server: Server, settings: Mapping[str, Any], sizes: dict | None, threads: int
    ) -> None:
        self._server, self._settings = server, settings
        self._pool = None if sizes is None else Pool(server, sizes, settings.get("CONN_HEALTH_CHECKS", False))
        self._places = Places(clock, threads) if threads else None
        self._idle: deque[Handle] = deque()  # of threads that wait for work, the one that waits longest first

    def serve(self, visit: Visit, failed: Counter) -> Process:
        """Answer one request in one of the threads; a thread is started only where none is idle."""
        if self._places is not None:
            yield self._places.ask()
        handle = self._idle.popleft() if self._idle else Handle(self._server, self._settings, self._pool)
        handle.request_started()
        try:
            yield from handle.statement(STATEMENT)
            yield visit.courier
            yield from handle.statement(STATEMENT)
            failed["late"] += self._server.clock.now > visit.at + PATIENCE
        except Failed as failure:
            failed[failure.how] += 1
        handle.request_finished()
        if self._places is None:
            handle.thread_ends()
        else:
            self._idle.append(handle)
            self._places.give_back()


def starts(settings: Mapping[str, Any]) -> dict | None:
    """Return the options of the pool that these settings ask for; None where they ask for none.

    Raises ValueError, with a sentence, for settings with which Django or psycopg's pool cannot connect.
    """
    if not isinstance(settings, Mapping):
        raise ValueError(f"Settings are a dictionary, as in DATABASES, not {type(settings).__name__}.")
    if strange := sorted(map(str, set(settings) - KNOWN)):
        raise ValueError(f"Django's DATABASES has no setting called {strange[0]!r}.")
    age, pool = settings.get("CONN_MAX_AGE", 0), (settings.get("OPTIONS") or {}).get("pool")
    if age is not None and (not isinstance(age, int | float) or isinstance(age, bool)):
        raise ValueError(f"CONN_MAX_AGE is a number of seconds, or None, not {age!r}.")
    if not pool:
        return None
    if age != 0:
        raise ValueError(
            "Django starts, and its first connection raises ImproperlyConfigured: Pooling doesn't support "
            "persistent connections. With a pool, CONN_MAX_AGE is 0."
        )
    options = {} if pool is True else dict(pool)
    from psycopg_pool import ConnectionPool  # it knows best which options it takes

    try:
        ConnectionPool(open=False, **options)
    except (TypeError, ValueError) as error:
        raise ValueError(f"psycopg's pool cannot be made: {error}") from None
    return options


def five_sites(seed: int = 1) -> tuple[Site, ...]:
    """Return the five sites, of other sizes for another seed: shop, api, office, reports, tills.

    A worker's share of the connections is between two and eight.
    """
    rng = random.Random(seed)
    few, some = rng.randint(2, 4), rng.randint(3, 5)
    share, most = rng.randint(2, 8), rng.randint(2, 8)
    shop = Site("shop", "WSGI", few, 1, 3 * few, visits=_steady(rng, 10, 60))
    api = Site(
        "api", "ASGI", few, 0, share * few + 1, visits=_bursts(rng, 12, 5 * share * few, 1.0, pace=0.002)
    )
    spike = tuple(Visit(rng.random() * 0.01) for _ in range(20 * some))
    late = tuple(Visit(60 + visit.at) for visit in _steady(rng, 5, 60))
    office = Site("office", "WSGI", some, 25, most * some + 1, visits=spike + late)
    reports = Site("reports", "WSGI", few, 1, 3 * few, ends_idle=300.0, visits=_bursts(rng, 4, 150, 480.0))
    paying = tuple(Visit(visit.at, courier=0.2) for visit in _steady(rng, 16 * few, 20))
    tills = Site("tills", "WSGI", few, 12, 2 * few, pgbouncer=True, visits=paying)
    return shop, api, office, reports, tills


def _steady(rng: random.Random, each_second: int, seconds: int) -> tuple[Visit, ...]:
    times = sorted(rng.random() * seconds for _ in range(each_second * seconds))
    return tuple(map(Visit, times))


def _bursts(
    rng: random.Random, bursts: int, each: int, apart: float, pace: float = 0.01
) -> tuple[Visit, ...]:
    """Return bursts of visits, begun so many seconds apart, with one visit in `pace` seconds."""
    return tuple(
        Visit(burst * apart + (number + rng.random() / 2) * pace)
        for burst in range(bursts)
        for number in range(each)
    )
