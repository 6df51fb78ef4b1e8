"""Lesson 07 in other frameworks: what its learners are shown does what it says."""

import functools
import subprocess
import sys

import pandas as pd
from fastapi.testclient import TestClient
from own_code import run_snippet, snippet

STEM = "07_same_answer_again"


def counted(function):
    @functools.wraps(function)
    def wrapper(*args):
        vars(wrapper)["calls"] += 1
        return function(*args)

    vars(wrapper)["calls"] = 0
    return wrapper


def test_pandas_works_out_each_district_once():
    kilometres = counted(len)
    column = run_snippet(STEM, "pandas")["kilometres_column"](pd.Series(["KC1", "KC12", "KC1"]), kilometres)
    assert list(column) == [3, 4, 3]
    assert kilometres.calls == 2


ASK_THRICE = """
from django.conf import settings

settings.configure(CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}})
exec(open(0).read())
asked = []
print([price(7, version, lambda km: asked.append(km) or 297) for version in (1, 1, 2)], len(asked))
"""


def test_django_asks_again_after_a_change_of_prices():
    # In a process of its own: Django is set up once in each, and other tests set it up for the shop's tables.
    command = [sys.executable, "-c", ASK_THRICE]
    code = snippet(STEM, "django")
    done = subprocess.run(command, input=code, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "[297, 297, 297] 2\n", done.stderr


def test_fastapi_reads_its_settings_once():
    read = counted(lambda: {"currency": "GBP"})
    client = TestClient(run_snippet(STEM, "fastapi", read_settings=read)["app"])
    assert [client.get("/currency").json() for _ in range(3)] == [{"currency": "GBP"}] * 3
    assert read.calls == 1
