"""What comes of a configuration is worked out as the lesson and the exercise say."""

import math

import pytest

from kettle.lessons.busy_evening import Site, play, three_sites
from kettle.lessons.pods import Config, Pod, Service, four_services, review

SERVICE = Service("shop", "def", rate=10, compute=0.1, wait=0.3, memory=100)
POD = Pod(host_cores=16, granted=2, memory=400, connections=10)
SITE = Site("site", 12, 2, limit=1000, at_six=6, worker=100, loaded=200, request=10, opens=False)


def test_memory_connections_places_and_cores():
    found = review(SERVICE, POD, Config("gthread", workers=2, threads=3))
    assert (found.memory, found.connections) == (200, 6)
    assert [found.places, found.cores] == pytest.approx([4 / 6, 0.5])
    assert found.over == ()


def test_one_worker_uses_one_core_however_many_threads_it_has():
    found = review(SERVICE, POD, Config("gthread", workers=1, threads=8))
    assert found.cores == pytest.approx(1.0)
    assert found.over == ("cores",)


def test_part_of_a_core_computes_for_longer():
    small = Pod(host_cores=64, granted=0.5, memory=400, connections=10)
    slow = Service("slow", "def", rate=1, compute=0.2, wait=0.1, memory=100)
    found = review(slow, small, Config())
    assert [found.places, found.cores] == pytest.approx([0.5, 0.4])


def test_asynchronous_workers_have_any_number_of_places_and_a_pool_each():
    service = Service("async", "async def", rate=100, compute=0.01, wait=1.0, memory=100, pool=4)
    found = review(service, POD, Config("asgi", workers=3))
    assert (found.places, found.connections) == (0.0, 12)
    assert found.over == ("connections",)
    with pytest.raises(ValueError, match="`sync` runs `def`"):
        review(service, POD, Config())
    with pytest.raises(ValueError, match="`asgi` runs `async def`"):
        review(SERVICE, POD, Config("asgi"))


def test_what_is_ignored_is_told():
    assert Config("sync", 2, worker_connections=50).ignored == ("worker_connections",)
    assert Config("asgi", 2, threads=4).ignored == ("threads",)
    assert Config("gthread", 2, threads=4, worker_connections=50).ignored == ()
    assert Config("sync", 2, threads=4).worker_class == "gthread"
    assert Config("gthread", 2, threads=9, worker_connections=2).places == 4


@pytest.mark.parametrize(
    "wrong", [{"workers": 0}, {"workers": 2.0}, {"threads": True}, {"worker_class": "uvicorn"}]
)
def test_what_gunicorn_refuses_is_refused_with_a_sentence(wrong):
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` is"):
        Config(**wrong)


@pytest.mark.parametrize("seed", range(1, 60))
def test_every_fleet_can_be_configured_with_room_to_spare(seed):
    for service, pod in four_services(seed):
        for room in (0.75, 0.88):
            workers = math.ceil(pod.granted)
            places = math.ceil(service.rate * (service.compute + service.wait) / room / workers)
            config = Config("gthread", workers, places) if service.code == "def" else Config("asgi", workers)
            assert review(service, pod, config).over == (), (service, pod, room)
        assert 2 * pod.host_cores * service.memory > pod.memory


@pytest.mark.parametrize("seed", range(1, 60))
def test_every_site_can_be_configured(seed):
    for site in three_sites(seed):
        workers = math.ceil(site.granted)
        threads = math.ceil(site.at_six / workers)
        evening = play(site, Config("gthread", workers, threads, preload_app=not site.opens))
        assert (evening.killed, evening.without_place, evening.idle, evening.shared) == (None, 0, 0, False)
        assert play(site, Config(workers=2 * site.host_cores + 1)).killed is not None


def test_an_evening_follows_the_rules():
    own = play(SITE, Config("gthread", workers=2, threads=3))
    assert (own.start, own.most, own.killed) == (600, 660, None)
    shared = play(SITE, Config("gthread", workers=2, threads=3, preload_app=True))
    assert (shared.start, shared.most, shared.shared) == (400, 460, False)
    few = play(SITE, Config())
    assert (few.without_place, few.idle) == (5, 1)
    late = play(SITE, Config("gthread", workers=3, threads=40, preload_app=False))
    assert (late.start, late.most, late.killed) == (900, 960, None)
    assert play(SITE, Config(workers=4)).killed == 12
    with pytest.raises(ValueError, match="`asgi` runs"):
        play(SITE, Config("asgi"))
