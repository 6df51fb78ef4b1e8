"""Lesson 26 in other frameworks: what its learners are shown does what it says."""

import pytest
from fastapi.testclient import TestClient
from own_code import run_snippet

from kettle.database.django_setup import configure

STEM = "26_recycle_the_leak"


def test_gunicorn_recycles_with_jitter():
    settings = run_snippet(STEM, "gunicorn")
    assert 0 < settings["max_requests_jitter"] <= settings["max_requests"]
    config = pytest.importorskip("gunicorn.config")
    defaults = config.Config().settings
    assert {"max_requests", "max_requests_jitter", "graceful_timeout", "workers"} <= set(defaults)
    assert defaults["graceful_timeout"].get() == settings["graceful_timeout"]


def test_in_django_the_bound_holds_and_parameters_do_not_count():
    configure({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"})
    from django.core.cache.backends.locmem import LocMemCache
    from django.test import RequestFactory

    names, rendered = run_snippet(STEM, "django"), []
    options = names["CACHES"]["default"]["OPTIONS"]
    cache = names["cache"] = LocMemCache("lesson 26", {"OPTIONS": options})

    def page(url):
        def render(path):
            rendered.append(path)
            return f"<h1>{path}</h1>"

        return names["product_page"](RequestFactory().get(url), render).content

    found = {page(f"/products/KC-00007?session={number}") for number in range(10)}
    assert found == {b"<h1>/products/KC-00007</h1>"}
    assert rendered == ["/products/KC-00007"]
    for number in range(1500):
        page(f"/nothing/{number}")
    kept = sum(cache.has_key(f"/nothing/{number}") for number in range(1500))
    assert 0 < kept <= options["MAX_ENTRIES"]


def test_with_fastapi_a_product_is_rendered_once():
    names = run_snippet(STEM, "fastapi")
    with TestClient(names["app"]) as client:
        for number in range(5):
            assert client.get(f"/products/KC-7?session={number}").text == "<h1>KC-7</h1>"
    assert names["page_of"].cache_info().misses == 1
