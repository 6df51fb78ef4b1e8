"""What the checks of lesson 22 ask: how many connections a pool lends, and how a site's evening went."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.pool import NullPool

from kettle.checking.checks import load_checks, load_module
from kettle.database import open_database
from kettle.lessons.deployments import five_sites

HERE = Path(__file__).parent
world, exercise = load_module(HERE, "world"), load_checks(HERE, "exercise")


@pytest.fixture(scope="module", params=["PostgreSQL 18", "SQLite"])
def database(request):
    with open_database(4, orders=10, server=request.param != "SQLite") as opened:
        assert opened.kind == request.param, opened.says
        yield opened


@pytest.mark.parametrize(
    ("options", "lends"),
    [
        ({"pool_size": 3, "max_overflow": 0}, 3),
        ({"pool_size": 2, "max_overflow": 2}, 4),
        ({"pool_size": 3, "max_overflow": 0, "pool_pre_ping": True}, 3),
        ({"pool_size": 0}, 6),
        ({"max_overflow": -1}, 6),
        ({"poolclass": NullPool}, 6),
    ],
)
def test_how_many_are_lent_at_once_is_told_without_a_clock(database, options, lends):
    assert asyncio.run(world.lends_at_once(database.async_engine(**options), 6)) == lends


MERGED = {
    "shop": {"CONN_MAX_AGE": 0},
    "api": {"CONN_MAX_AGE": 600},
    "office": {"CONN_MAX_AGE": None},
    "reports": {"CONN_MAX_AGE": 3600},
    "tills": {"CONN_MAX_AGE": 60, "ATOMIC_REQUESTS": True},
}


def fixed(site):
    if site.name in ("api", "office"):
        return {"OPTIONS": {"pool": {"min_size": 1, "max_size": site.granted // site.workers}}}
    return {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


def test_each_site_has_its_complaint_and_its_fix_whatever_the_seed():
    for seed in range(1, 40):
        for site in five_sites(seed):
            with pytest.raises(AssertionError):
                exercise.play(site, MERGED[site.name], site.name)
            exercise.play(site, fixed(site), site.name)
