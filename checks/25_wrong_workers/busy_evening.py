"""Three pods on a busy evening, for the exercise: how much memory they need, by arithmetic."""

import math
import random
from dataclasses import dataclass, field

from kettle.lessons.pods import Config
from kettle.pictures import curves
from kettle.pictures.figure import Picture

SIX = 18.0  # the hour at which most requests are under way
HOURS = tuple(12 + n / 12 for n in range(97))  # from noon to eight


@dataclass(frozen=True)
class Site:
    """A service with plain functions, and its pod.

    Args:
        name: what it is called.
        host_cores: of the machine.
        granted: cores that the pod may use.
        limit: MB, beyond which the pod is killed.
        at_six: requests under way at once, at six.
        worker: MB of a worker before it has loaded anything.
        loaded: MB of arrays that each worker loads at import, and never changes; shared with `preload_app`.
        request: MB of a request while it is under way.
        opens: whether the code opens a connection at import.
    """

    name: str
    host_cores: int
    granted: float
    limit: int
    at_six: int
    worker: int
    loaded: int
    request: int
    opens: bool


@dataclass(frozen=True)
class Evening:
    """What became of a pod.

    Args:
        start, most: MB at noon and at six.
        without_place: requests at six that find no place.
        idle: granted cores that no worker can use.
        shared: whether workers share a connection.
        killed: the hour at which the pod is killed, or None.
        history: (hour, MB from then on).
    """

    site: Site
    config: Config
    start: int
    most: int
    without_place: int
    idle: int
    shared: bool
    killed: float | None
    history: tuple[tuple[float, int], ...] = field(repr=False)

    def __str__(self) -> str:
        hour = self.killed or 0.0
        clock = f"{int(hour)}:{60 * (hour % 1):02.0f}"
        faults = [
            f"killed at {clock}" if self.killed is not None else "",
            f"{self.without_place} requests without a place" if self.without_place else "",
            f"{self.idle} of {self.site.granted:g} cores idle" if self.idle else "",
            "workers share a connection" if self.shared else "",
        ]
        told = ", ".join(filter(None, faults)) or "all is well"
        return f"{self.site.name:9} {self.start:,} MB at noon, {self.most:,} of {self.site.limit:,} MB at six: {told}"


def play(site: Site, config: Config) -> Evening:
    """Play an evening. Requests grow to six o'clock, and take the free places; then they become fewer.

    Raises:
        ValueError: this class of workers does not run plain functions.
    """
    if config.worker_class == "asgi":
        raise ValueError("`asgi` runs `async def`; the code of these services is `def`.")
    copies = 1 if config.preload_app else config.workers
    start = config.workers * site.worker + copies * site.loaded
    history, killed = [], None
    for hour in HOURS:
        wanted = round(site.at_six * max(0.1, 1 - abs(hour - SIX) / 1.5))
        needs = start + min(wanted, int(config.places)) * site.request
        history.append((hour, needs))
        if needs > site.limit:
            killed = hour
            break
    most = start + min(site.at_six, int(config.places)) * site.request
    return Evening(
        site,
        config,
        start,
        most,
        without_place=max(0, site.at_six - int(config.places)),
        idle=max(0, math.ceil(site.granted) - config.workers),
        shared=config.preload_app and site.opens and config.workers > 1,
        killed=killed,
        history=tuple(history),
    )


def memory_curve(evening: Evening) -> Picture:
    """Draw the memory that a pod needs from noon on, beside its limit."""
    needed = {f"{evening.config.workers} workers": [(hour, 1e6 * mb) for hour, mb in evening.history]}
    limit = (1e6 * evening.site.limit, "the limit")
    axes = {"x": "hours after noon", "x_unit": "h", "y": "memory", "unit": "B"}
    return curves(needed, title=f"Memory of the {evening.site.name}", reference=limit, **axes)


def three_sites(seed: int = 1) -> tuple[Site, ...]:
    """Return the labels, the catalogue and the invoices, with other numbers for another seed.

    The labels wait for printers. The catalogue computes with a large table, so that it fits only where its
    workers share it. The invoices have a quarter or half of a core.
    """
    rng = random.Random(seed)
    host = 12
    labels = Site("labels", host, 4, 8000, 40, 100, 205, 30, opens=True)
    catalogue = Site("catalogue", host, 4, 2500, 4, 100, 900, 30, opens=False)
    invoices = Site("invoices", 64, 0.5, 600, 3, 60, 90, 50, opens=True)
    if seed == 1:
        return labels, catalogue, invoices
    worker, loaded = 10 * rng.randint(6, 14), 10 * rng.randint(15, 30)
    cores, request = rng.randint(2, 6), 10 * rng.randint(2, 4)
    at_six = rng.randint(6, 9) * cores - 1
    limit = (2 * cores + 1) * (worker + loaded) + (at_six + cores) * request
    granted = cores - 0.75 if seed % 2 else cores
    labels = Site(
        "labels", 2 * host, granted, limit, at_six, worker, loaded, request, opens=rng.random() < 0.5
    )
    loaded, cores = 100 * rng.randint(6, 12), rng.randint(3, 6)
    limit = loaded + (2 * cores + 1) * (worker + request)
    catalogue = Site("catalogue", host, cores, limit, cores, worker, loaded, request, opens=False)
    loaded, at_six = 10 * rng.randint(6, 12), rng.randint(2, 4)
    limit = 2 * (worker + loaded) + (at_six + 2) * request
    part = rng.choice((0.25, 0.5))
    invoices = Site("invoices", 64, part, limit, at_six, worker, loaded, request, opens=rng.random() < 0.5)
    return labels, catalogue, invoices
