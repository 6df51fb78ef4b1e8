"""One evening of a site: who connects, how many connections are open at once, who gets no answer."""

import random
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kettle.deployments.clock import Clock, Places, Process
from kettle.deployments.rules import Failed, Handle, Pool, Server
from kettle.deployments.sites import Site, Visit

STATEMENT = 0.020  # seconds that each of a request's two statements takes
PATIENCE = 5.0  # seconds that a visitor waits for the answer
KNOWN = {
    *("ATOMIC_REQUESTS", "AUTOCOMMIT", "CONN_HEALTH_CHECKS", "CONN_MAX_AGE", "DISABLE_SERVER_SIDE_CURSORS"),
    *("ENGINE", "HOST", "NAME", "OPTIONS", "PASSWORD", "PORT", "TEST", "TIME_ZONE", "USER"),
}


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
    """Let a site's visitors come, with these settings of its database, by the rules of `rules`.

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
