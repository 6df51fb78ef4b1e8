"""Services, the pods that they run in, and gunicorn's settings: what comes of them, by arithmetic."""

import random
from dataclasses import dataclass, replace

from kettle.pictures.units import plural

CLASSES = ("sync", "gthread", "asgi")
ROOM = 0.9  # of places and of cores that may be taken at the busiest


@dataclass(frozen=True)
class Service:
    """One of the shop's services, at its busiest.

    Args:
        name: what it is called.
        code: "def" or "async def", as its functions are written.
        rate: requests per second.
        compute: seconds for which a request computes on a whole core.
        wait: seconds for which it waits.
        memory: MB of one worker.
        pool: connections that each worker opens where the code is asynchronous.
    """

    name: str
    code: str
    rate: float
    compute: float
    wait: float
    memory: int
    pool: int = 10


@dataclass(frozen=True)
class Pod:
    """What a service is given.

    Args:
        host_cores: of the machine, which `os.cpu_count()` returns inside of the pod, too.
        granted: cores that the pod may use; may be 0.5.
        memory: MB, beyond which it is killed.
        connections: to the database, that all its workers together may have.
    """

    host_cores: int
    granted: float
    memory: int
    connections: int


@dataclass(frozen=True)
class Config:
    """Some of gunicorn's settings, by their names, with its defaults.

    Raises:
        ValueError: gunicorn cannot start so; the text is a sentence.
    """

    worker_class: str = "sync"
    workers: int = 1
    threads: int = 1
    worker_connections: int = 1000
    preload_app: bool = False

    def __post_init__(self) -> None:
        if self.worker_class not in CLASSES:
            raise ValueError(f"`worker_class` is one of {', '.join(CLASSES)}; got {self.worker_class!r}.")
        for name in ("workers", "threads", "worker_connections"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"`{name}` is a whole number of 1 or more; got {value!r}.")
        if self.worker_class == "sync" and self.threads > 1:
            object.__setattr__(self, "worker_class", "gthread")  # as gunicorn does

    @property
    def ignored(self) -> tuple[str, ...]:
        """The settings that were changed and that this class of worker ignores."""
        threads = ("threads",) if self.worker_class == "asgi" and self.threads > 1 else ()
        few = ("worker_connections",) if self.worker_class != "gthread" else ()
        return (*threads, *(few if self.worker_connections != 1000 else ()))

    @property
    def places(self) -> float:
        """Requests that can be under way at once."""
        each = {"sync": 1, "gthread": min(self.threads, self.worker_connections), "asgi": float("inf")}
        return self.workers * each[self.worker_class]


@dataclass(frozen=True)
class Review:
    """What comes of a configuration at the service's busiest.

    Args:
        memory: MB of all workers.
        connections: that they open.
        places: the share of the places for requests that is taken.
        cores: the share that is taken of the cores which the workers can use.
    """

    service: Service
    pod: Pod
    config: Config
    memory: int
    connections: int
    places: float
    cores: float

    @property
    def over(self) -> tuple[str, ...]:
        """What does not fit, by name; "ignored": a setting."""
        pod = self.pod
        kept = {"memory": self.memory <= pod.memory, "connections": self.connections <= pod.connections}
        kept |= {"places": self.places <= ROOM, "cores": self.cores <= ROOM}
        kept |= {"ignored": not self.config.ignored}
        return tuple(name for name, fits in kept.items() if not fits)

    def __str__(self) -> str:
        config = self.config
        threads = f" × {plural(config.threads, 'thread')}" if config.worker_class == "gthread" else ""
        told = {
            "memory": f"{self.memory:,} of {self.pod.memory:,} MB",
            "connections": f"{self.connections} of {self.pod.connections} connections",
            "places": f"{self.places:.0%} of places",
            "cores": f"{self.cores:.0%} of cores",
        }
        facts = [f"{words}{' (!)' * (name in self.over)}" for name, words in told.items()]
        facts += [f"{name} ignored (!)" for name in config.ignored]
        return f"{self.service.name:10} {config.workers} × {config.worker_class}{threads}: {', '.join(facts)}"


def review(service: Service, pod: Pod, config: Config) -> Review:
    """Work out what comes of a configuration.

    Places: requests under way at once are those of a second, times the seconds that each takes. Cores: a
    worker computes on one at a time.

    Raises:
        ValueError: this class of workers cannot run the service's code.
    """
    if (config.worker_class == "asgi") != (service.code == "async def"):
        runs = "`async def`" if config.worker_class == "asgi" else "`def`"
        raise ValueError(
            f"`{config.worker_class}` runs {runs}; the code of {service.name} is `{service.code}`."
        )
    takes = service.compute / min(1.0, pod.granted) + service.wait
    usable = min(float(config.workers), pod.granted)
    threads = service.pool if config.worker_class == "asgi" else config.threads
    return Review(
        service,
        pod,
        config,
        memory=config.workers * service.memory,
        connections=config.workers * threads,
        places=service.rate * takes / config.places,
        cores=service.rate * service.compute / usable,
    )


def four_services(seed: int = 1) -> tuple[tuple[Service, Pod], ...]:
    """Return four services with their pods, with other numbers for another seed.

    Thumbnails compute. The checkout waits, and so does the tracking, which is asynchronous. The stamps get half a
    core or a quarter, of a machine with many.
    """
    rng = random.Random(seed)
    host, cores, few = rng.choice((16, 24, 32)), rng.randint(3, 6), rng.randint(2, 3)

    def about(value: float) -> float:
        return round(value * rng.uniform(0.9, 1.1), 3)

    memory = 10 * rng.randint(15, 30)
    thumbnails = Service("thumbnails", "def", round(0.7 * cores / 0.2), about(0.195), 0.0, memory)
    computing = Pod(host, cores, memory * cores + 3 * memory // 2, 3 * cores)
    memory = 10 * rng.randint(15, 25)
    checkout = Service("checkout", "def", rng.randint(80, 120), about(0.012), about(0.19), memory)
    under_way = checkout.rate * (checkout.compute + checkout.wait)
    waiting = Pod(host, few, memory * (few + 2) + memory // 3, int(1.6 * under_way) + 2 * few)
    memory = 10 * rng.randint(15, 25)
    tracking = Service("tracking", "async def", rng.randint(180, 260), about(0.005), about(0.6), memory)
    async_pod = Pod(host, few, memory * (few + 2), 10 * (few + 1) + 5)
    memory = 10 * rng.randint(8, 15)
    part = rng.choice((0.25, 0.5))
    stamps = Service("stamps", "def", 1, about(0.55 * part), about(0.05), memory)
    small = Pod(64, part, 2 * memory + memory // 2, 4)
    if seed % 2 == 0:
        computing = replace(computing, granted=cores - 0.5)
    return (thumbnails, computing), (checkout, waiting), (tracking, async_pod), (stamps, small)
