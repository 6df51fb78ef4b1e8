"""Whatever a check draws, it can be played: no draw fails, over hundreds of seeds."""

import inspect
import random
from unittest.mock import MagicMock

import pytest

from kettle.checking.checks import checks_of, function_of
from kettle.checking.runner.judge import OFFERS
from kettle.database import open_database
from kettle.files import course

SEEDS = 100
FEWER = 10  # where a database is filled with what is drawn
DRAWN = {"same", "rng"}
GIVEN = {"database"}
FROM_THE_NOTEBOOK = {
    "01": "the notebook's products are drawn from",
    "02": "the work of the merged code is counted first",
    "07": "the notebook's roads are drawn from",
    "09": "the merged code is asked first",
}
CALLED_FIRST = {
    "pages_overlap",
    "checked_once",
    "every_way_out_closes",
    "every_way_out_releases",
    "exports_overlap",
    "same_window",
}
"""Checks that call the answer itself before they draw, or besides."""


class AllIsDrawn(Exception):
    """Raised in the place of playing the situations."""


class NotPlayed(MagicMock):
    """Stands for `same`: what it is called with has been drawn, and is not played."""

    def __call__(self, function, world, situations, **_):
        assert list(situations)
        raise AllIsDrawn


def drawing():
    """Give the checks that draw situations and need no server for it."""
    for lesson in (each for each in course.lessons() if each.stem[:2] not in FROM_THE_NOTEBOOK):
        for kind in ("lesson", "exercise"):
            for check in checks_of(lesson.stem, kind):
                if check.kind == "interest" or check.name in CALLED_FIRST:
                    continue
                function = function_of(lesson.stem, kind, check)
                wanted = set(inspect.signature(function).parameters)
                if wanted >= DRAWN and not wanted & (OFFERS.keys() - DRAWN - GIVEN):
                    yield pytest.param(function, id=f"{lesson.stem[:2]}-{check.name}")


@pytest.mark.parametrize("check", [*drawing()])
def test_no_draw_fails(check, request):
    wanted = inspect.signature(check).parameters
    database = request.getfixturevalue("database") if "database" in wanted else None
    for seed in range(FEWER if database else SEEDS):
        given = {name: MagicMock() for name in wanted}
        given |= {"same": NotPlayed(), "rng": random.Random(seed)}
        given |= {"database": database} if database else {}
        with pytest.raises(AllIsDrawn):
            play(check(**given))


@pytest.fixture(scope="module")
def database():
    with open_database(None) as opened:
        yield opened


def play(body):
    if inspect.iscoroutine(body):
        try:
            body.send(None)
        finally:
            body.close()
