"""The wrong number of workers: one formula for all services, whatever they do and whatever they are granted.

There are no cases: the merged numbers are wrong, so none are compared with them. What comes of each
configuration is worked out instead, and held against the limits.
"""

from dataclasses import replace

from kettle.checking import Contract
from kettle.checking.runner.errors import told
from kettle.lessons.pods import Config, Pod, Service, four_services, review

SEEDS = (1, 2, 3, 4, 5, 6)  # the first is the one that is shown
RETURNS = Service("returns", "def", rate=100, compute=0.009, wait=0.19, memory=200)  # a tenth more is too few
FLEET = [each for seed in SEEDS for each in four_services(seed)] + [(RETURNS, Pod(16, 2, 700, 40))]
lesson = Contract("configure", cases={})


def reviewed(configure, service, pod):
    """Return what comes of the learner's configuration of a service, and how a sentence about it begins."""
    said = lesson.say("service", name=service.name, granted=pod.granted, host=pod.host_cores)
    try:
        config = configure(service, pod)
    except Exception as error:
        raise AssertionError(lesson.say("raised", service=said, error=told(error))) from error
    assert isinstance(config, Config), lesson.say("no_config", service=said, got=type(config).__name__)
    try:
        return review(service, pod, config), said
    except ValueError as error:
        raise AssertionError(lesson.say("refuses", service=said, error=error)) from None


def every(configure):
    """Yield what comes of each service."""
    return (reviewed(configure, service, pod) for service, pod in FLEET)


@lesson.cause
def starts(configure):
    """Look whether gunicorn takes the settings and uses each of them."""
    for found, said in every(configure):
        config = found.config
        if config.ignored:
            name = config.ignored[0]
            why = lesson.say(f"instead_{config.worker_class}")
            raise AssertionError(
                lesson.say("ignored", service=said, name=name, cls=config.worker_class, why=why)
            )


@lesson.cause
def memory(configure):
    """Add up the memory of the workers."""
    for found, said in every(configure):
        if found.memory > found.pod.memory:
            n, needs, most = found.config.workers, found.memory, found.pod.memory
            why = lesson.say(who_needs_it(configure, found))
            raise AssertionError(lesson.say("memory", service=said, n=n, needs=needs, most=most, why=why))


def who_needs_it(configure, found):
    """Name what there are too many workers for: cores that are not granted, work that computes, or waiting."""
    larger = replace(found.pod, host_cores=2 * found.pod.host_cores)
    if reviewed(configure, found.service, larger)[0].config.workers != found.config.workers:
        return "host"
    return "waits" if found.service.wait > found.service.compute else "computes"


@lesson.cause
def room(configure):
    """Compare the requests under way with the places, and the work with the cores."""
    for found, said in every(configure):
        service, config = found.service, found.config
        under_way = found.places * config.places if found.places else 0.0
        assert found.places <= 0.9, lesson.say(
            "places",
            service=said,
            n=config.places,
            under_way=under_way,
            rate=service.rate,
            takes=under_way / service.rate,
            why=lesson.say(
                "more_workers" if service.wait < service.compute else f"more_{config.worker_class}"
            ),
        )
        assert found.cores <= 0.9, lesson.say(
            "cores", service=said, n=config.workers, share=found.cores, work=service.rate * service.compute
        )


@lesson.cause
def connections(configure):
    """Multiply the connections of a worker by the workers."""
    for found, said in every(configure):
        each = found.connections // found.config.workers
        assert found.connections <= found.pod.connections, lesson.say(
            "connections",
            service=said,
            n=found.connections,
            most=found.pod.connections,
            workers=found.config.workers,
            each=each,
            why=lesson.say("pools" if found.service.code == "async def" else "threads"),
        )
    return lesson.say("all_well", n=len(FLEET))
