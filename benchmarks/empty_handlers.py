"""What an empty handler costs in Django, Flask and FastAPI: CPU time of one request, without a server.

    python benchmarks/empty_handlers.py

Each framework that is installed is called as its server would call it, by WSGI or ASGI; for what is missing
stands what this script measured once. Prints one sentence. Lesson 01 runs it.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

REQUESTS, ROUNDS = 100, 5
RECORDED = {"Django": 0.077, "Flask": 0.052, "FastAPI": 0.06}  # ms: 5.2.19, 3.1.3, 0.165.0; Python 3.11
ASGI = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"localhost")],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 80),
}


def django() -> Callable[[], None]:
    """Return a function that has Django answer one request, with those middlewares that need no database."""
    from django.conf import settings
    from django.http import HttpResponse
    from django.urls import path

    names = ("security.SecurityMiddleware", "common.CommonMiddleware", "csrf.CsrfViewMiddleware")
    middleware = [
        *(f"django.middleware.{name}" for name in names),
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]
    urls = type("urls", (), {"urlpatterns": [path("", lambda request: HttpResponse("ok"))]})
    settings.configure(ROOT_URLCONF=urls, ALLOWED_HOSTS=["*"], MIDDLEWARE=middleware, SECRET_KEY="empty")
    from django.core.wsgi import get_wsgi_application

    return by_wsgi(get_wsgi_application())


def flask() -> Callable[[], None]:
    """Return a function that has Flask answer one request."""
    from flask import Flask

    app = Flask("empty")
    app.route("/")(lambda: "ok")
    return by_wsgi(app)


def fastapi() -> Callable[[], None]:
    """Return a function that has FastAPI answer one request."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/")
    async def empty() -> dict:
        return {}

    return by_asgi(app)


def by_wsgi(app: Callable) -> Callable[[], None]:
    """Return a function that calls a WSGI application once."""
    from wsgiref.util import setup_testing_defaults

    def call() -> None:
        environ: dict = {}
        setup_testing_defaults(environ)
        answer = app(environ, lambda status, headers, error=None: None)
        list(answer)
        getattr(answer, "close", lambda: None)()

    return call


def by_asgi(app: Callable) -> Callable[[], None]:
    """Return a function that calls an ASGI application once."""
    loop = asyncio.new_event_loop()

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        pass

    return lambda: loop.run_until_complete(app(dict(ASGI), receive, send))


def milliseconds(call: Callable[[], None]) -> float:
    """Return the CPU time of one call: the median of some rounds."""
    call()
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(REQUESTS):
            call()
        rounds.append(1000 * (time.process_time() - began) / REQUESTS)
    return statistics.median(rounds)


def measured() -> Iterator[tuple[str, float]]:
    """Measure each framework that is installed."""
    for name, make in (("Django", django), ("Flask", flask), ("FastAPI", fastapi)):
        with suppress(ImportError):
            yield name, milliseconds(make())


def sentence(found: dict[str, float]) -> str:
    """Tell what was measured, and what was recorded of those that are missing."""
    told = ", ".join(f"{name} {took:.2f} ms" for name, took in found.items()) or "nothing is installed"
    missing = ", ".join(f"{name} {took:.2f} ms" for name, took in RECORDED.items() if name not in found)
    recorded = f" Not installed here, recorded elsewhere: {missing}." if missing else ""
    return f"CPU time of an empty request, without server and network: {told}.{recorded}"


if __name__ == "__main__":
    print(sentence(dict(measured())))
