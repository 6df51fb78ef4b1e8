"""Lesson 07 in other frameworks: what its learners are shown does what it says."""

import functools

import pandas as pd
from django.conf import settings as django_settings
from fastapi.testclient import TestClient
from own_code import run_snippet

STEM = "07_same_answer_again"


def counted(function):
    @functools.wraps(function)
    def wrapper(*args):
        wrapper.calls += 1
        return function(*args)

    wrapper.calls = 0
    return wrapper


def test_pandas_works_out_each_district_once():
    rings_to = counted(len)
    column = run_snippet(STEM, "pandas")["rings_column"](pd.Series(["KC1", "KC12", "KC1"]), rings_to)
    assert list(column) == [3, 4, 3]
    assert rings_to.calls == 2


def test_django_asks_again_after_a_change_of_prices():
    if not django_settings.configured:
        caches = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        django_settings.configure(CACHES=caches)
    price = run_snippet(STEM, "django")["price"]
    work_out = counted(lambda rings: 290 + rings)
    assert [price(7, version, work_out) for version in (1, 1, 2)] == [297] * 3
    assert work_out.calls == 2


def test_fastapi_reads_its_settings_once():
    read = counted(lambda: {"currency": "GBP"})
    client = TestClient(run_snippet(STEM, "fastapi", read_settings=read)["app"])
    assert [client.get("/currency").json() for _ in range(3)] == [{"currency": "GBP"}] * 3
    assert read.calls == 1
