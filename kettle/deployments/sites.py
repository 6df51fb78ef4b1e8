"""Five sites: what is deployed, what the database grants it, and who visits it."""

import random
from dataclasses import dataclass, field


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
