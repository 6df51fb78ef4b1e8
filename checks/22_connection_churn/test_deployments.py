"""The simulator of deployments plays by its rules, and Django itself plays by the same ones."""

import json
import subprocess
import sys
import textwrap

import pytest

from kettle.lessons.deployments import Site, Visit, five_sites, simulate
from kettle.lessons.evening_clock import Clock, Places

POOL = {"OPTIONS": {"pool": {"min_size": 1, "max_size": 2}}}


def site(server="WSGI", threads=2, visits=(0.0, 1.0, 2.0, 3.0), **facts):
    facts = {"workers": 1, "granted": 60} | facts
    visits = tuple(v if isinstance(v, Visit) else Visit(v) for v in visits)
    return Site("site", server, threads=0 if server == "ASGI" else threads, visits=visits, **facts)


# ---- the clock


def test_places_are_given_in_the_order_of_asking_and_patience_ends():
    clock, told = Clock(), []
    places = Places(clock, 1)

    def guest(name, patience):
        had = yield places.ask(patience)
        told.append((name, had, clock.now))
        if had:
            yield 2.0
            places.give_back()

    for name, patience in (("first", 9.0), ("hasty", 1.0), ("patient", 9.0), ("last", float("inf"))):
        clock.start(guest(name, patience))
    clock.run()
    assert told == [("first", True, 0.0), ("hasty", False, 1.0), ("patient", True, 2.0), ("last", True, 4.0)]


# ---- the rules


def test_without_an_age_each_request_connects_and_with_one_each_thread():
    assert simulate(site(), {}).connects == 4
    assert simulate(site(), {"CONN_MAX_AGE": 60}).connects == 1
    assert simulate(site(), {"CONN_MAX_AGE": 1.5}).connects == 2  # closed when it is too old, not before
    assert simulate(site(visits=(0, 0, 0, 5, 5)), {"CONN_MAX_AGE": None}).connects == 2


def test_an_idle_thread_keeps_its_connection_however_old():
    evening = simulate(site(visits=(0, 0, 9, 19)), {"CONN_MAX_AGE": 1})
    assert evening.most == 2
    assert evening.history[-1][1] >= 1


def test_under_asgi_a_kept_connection_serves_nobody():
    evening = simulate(site("ASGI"), {"CONN_MAX_AGE": 600})
    assert (evening.connects, evening.most) == (4, 3)  # each lingers for 2 s
    assert simulate(site("ASGI"), {}).most == 1


def test_a_pool_counts_for_the_process_and_lets_others_wait():
    evening = simulate(site("ASGI", visits=[0.0] * 20), POOL)
    assert (evening.connects, evening.most, evening.failed) == (2, 2, 0)
    hasty = {"OPTIONS": {"pool": {"min_size": 1, "max_size": 1, "timeout": 0.1}}}
    assert simulate(site("ASGI", visits=[0.0] * 20), hasty).late > 10


def test_pools_of_several_processes_add_up():
    evening = simulate(site(workers=3, granted=8, visits=[0.0] * 40), {"OPTIONS": {"pool": True}})
    assert evening.refusals > 0
    assert evening.most == 8


def test_what_the_database_does_not_grant_is_refused():
    evening = simulate(site(threads=5, granted=3, visits=[0.0] * 5), {})
    assert (evening.connects, evening.refused) == (3, 2)


@pytest.mark.parametrize("kept", [{"CONN_MAX_AGE": None}, POOL])
def test_who_uses_an_ended_connection_fails_unless_it_is_checked(kept):
    paused = site(threads=1, visits=(0.0, 60.0), ends_idle=30.0)
    assert simulate(paused, kept).dropped == 1
    checked = simulate(paused, kept | {"CONN_HEALTH_CHECKS": True})
    assert checked.dropped == 0
    assert checked.connects >= 2
    assert simulate(site(threads=1, visits=(0.0, 20.0), ends_idle=30.0), kept).dropped == 0


def test_a_transaction_for_the_request_holds_pgbouncers_connection():
    visits = [Visit(n / 50, courier=0.2) for n in range(400)]
    tills = site(threads=40, granted=2, pgbouncer=True, visits=visits)
    assert simulate(tills, {"CONN_MAX_AGE": 60, "ATOMIC_REQUESTS": True}).late > 100
    assert simulate(tills, {"CONN_MAX_AGE": 60}).failed == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"CONN_MAXAGE": 60}, "has no setting called 'CONN_MAXAGE'"),
        ({"CONN_MAX_AGE": "60"}, "CONN_MAX_AGE is a number of seconds, or None, not '60'"),
        ({"CONN_MAX_AGE": 60} | POOL, "Pooling doesn't support persistent connections"),
        ({"OPTIONS": {"pool": {"max_size": 3}}}, "max_size must be greater or equal than min_size"),
        ({"OPTIONS": {"pool": {"size": 3}}}, "unexpected keyword argument 'size'"),
        ([], "Settings are a dictionary, as in DATABASES, not list."),
    ],
)
def test_what_would_not_start_is_told(settings, says):
    with pytest.raises(ValueError, match=says.replace("(", ".")):
        simulate(site(), settings)


# ---- the five sites


def test_the_same_seed_gives_the_same_evening():
    assert five_sites(7) == five_sites(7) != five_sites(8)
    each = five_sites(7)[2]
    assert simulate(each, {}) == simulate(each, {})


# ---- Django itself, on a real database

DJANGO = """
    import asyncio, json, sys, time, types
    from contextlib import ExitStack

    import django
    import httpx
    from django.conf import settings
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connections
    from django.http import HttpResponse
    from django.urls import path

    from kettle.database import open_database

    given = json.loads(sys.argv[1])
    stack = ExitStack()
    databases = {alias: stack.enter_context(open_database(1, orders=2, customers=2)) for alias in given}
    urls = types.ModuleType("urls_of_a_test")

    def view(request, alias):
        for _ in range(2):
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
            time.sleep(0.01)
        return HttpResponse("answered")

    urls.urlpatterns = [path("<alias>", view)]
    sys.modules[urls.__name__] = urls
    configured = {alias: {**databases[alias]._store.django(), **theirs} for alias, theirs in given.items()}
    settings.configure(
        DATABASES={"default": next(iter(configured.values())), **configured}, ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=urls.__name__, SECRET_KEY="a test's", USE_TZ=False, LOGGING_CONFIG=None,
    )
    django.setup()

    async def visits(app, alias):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
            for _ in range(3):
                await asyncio.gather(*(client.get(f"/{alias}") for _ in range(4)))

    def in_turn(alias):
        with httpx.Client(transport=httpx.WSGITransport(WSGIHandler()), base_url="http://site") as client:
            for _ in range(12):
                client.get(f"/{alias}")

    told = {}
    for alias, database in databases.items():
        with database.wire() as wire:
            in_turn(alias) if alias.startswith("wsgi") else asyncio.run(visits(ASGIHandler(), alias))
        told[alias] = wire.connections
    print(json.dumps(told))
    for connection in connections.all():
        connection.close()
        if connection.vendor == "postgresql":
            connection.close_pool()
    stack.close()
"""


def test_django_itself_connects_as_the_simulator_says():
    given: dict[str, dict] = {
        "wsgi_none": {"CONN_MAX_AGE": 0},
        "wsgi_age": {"CONN_MAX_AGE": 600},
        "asgi_none": {"CONN_MAX_AGE": 0},
        "asgi_age": {"CONN_MAX_AGE": 600},
        "asgi_pool": {"OPTIONS": {"pool": {"min_size": 1, "max_size": 2, "timeout": 20}}},
    }
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DJANGO), json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    counted = json.loads(ran.stdout)
    at_once = [n for n in range(3) for _ in range(4)]  # three times four, a second apart
    expected = {
        alias: simulate(
            site("ASGI", visits=at_once) if alias.startswith("asgi") else site(threads=1, visits=range(12)),
            theirs,
        ).connects
        for alias, theirs in given.items()
    }
    assert (
        counted
        == expected
        == {
            "wsgi_none": 12,
            "wsgi_age": 1,
            "asgi_none": 12,
            "asgi_age": 12,
            "asgi_pool": 2,
        }
    )
