"""The shop's site: real Django, with sessions, languages and CSRF tokens, asked by clients in this process.

A client sends each request through all of Django's middleware, as a web server does, and keeps its cookies.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

GUEST = "guest"
BEST = {
    "en": ("Teapot", "Kettle", "Strainer"),
    "de": ("Teekanne", "Kessel", "Sieb"),
}
FRONT_PAGE = """<html lang="{{ request.LANGUAGE_CODE }}">
<h1>{{ name }}</h1>
<p>In your basket: {{ basket|length }}</p>
<form method="post" action="/basket">{% csrf_token %}<button>A teapot, please</button></form>
<ul>{% for each in best %}<li>{{ each }}</li>{% endfor %}</ul>
</html>
"""
LOGIN = """<form method="post">{% csrf_token %}<input name="name"></form>"""
HEADER = "cache_header"  # part of the key under which Django notes which headers a page varies on
PAGE = re.compile(r"views\.decorators\.cache\.cache_page\..*\.(GET|HEAD)\.\w{32}\.(?P<headers>\w{32})")
NO_HEADERS = "d41d8cd98f00b204e9800998ecf8427e"  # the MD5 sum of nothing


def set_up() -> None:
    """Let Django serve the shop's site in this process, whatever it was set up for before.

    Django takes its settings once. Afterwards the way to change some is `override_settings`, which its own
    tests use; it stays in force here until the process ends.
    """
    from django.test.utils import override_settings

    if settings.configured and getattr(settings, "ROOT_URLCONF", None) == __name__:
        return
    if not settings.configured:
        from kettle.database.django_setup import configure

        configure({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"})
    import django.test.signals  # noqa: F401 - Django forgets what it has made from the old settings

    override_settings(**SITE).enable()
    logging.getLogger("django").addHandler(logging.NullHandler())  # a form that is refused is no news here


class NotedCache(LocMemCache):
    """Django's cache in local memory, which notes the keys that are asked for, and those that are kept."""

    notes: list[tuple[str, bool]] = []  # noqa: RUF012 - one list for all: Django makes a cache in each thread

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return what is kept, and note the key and whether there was something."""
        absent = object()
        found = super().get(key, absent, version)
        self.notes.append((key, found is not absent))
        return default if found is absent else found

    def set(self, key: str, *args: Any, **options: Any) -> None:
        """Keep a value, and note its key."""
        self.notes.append((key, False))
        super().set(key, *args, **options)


class Sales:
    """What customers buy; to ask for it takes as long as a large query.

    Attributes:
        seconds: that an answer takes.
        asked: the language of each question so far.
        week: the number behind each name; it changes when other products sell best.
        fails: whether the next question raises.
    """

    def __init__(self, seconds: float = 0.25) -> None:
        self.seconds, self.week, self.fails = seconds, 1, False
        self.asked: list[str] = []

    def best(self, language: str) -> list[str]:
        """Return the names of the products that sell best, in a language such as "en".

        Raises:
            ConnectionError: the database of the orders does not answer.
        """
        self.asked.append(language)
        time.sleep(self.seconds)
        if self.fails:
            self.fails = False
            raise ConnectionError("the orders cannot be read")
        return self.now(language)

    def now(self, language: str) -> list[str]:
        """Return the same at once, without a question."""
        return [f"{name} no. {self.week}" for name in BEST[language]]


@dataclass(frozen=True)
class Visit:
    """One request for the front page, and what came back.

    Attributes:
        who, language: of the visitor.
        name, basket, best: what the page says: whose it is, how many things are in the basket, what sells best.
        key: under which something was looked up or kept meanwhile, made short; "" where nothing was.
        found: whether it was there.
        headers: of the response.
        token: of the form on the page.
    """

    who: str
    language: str
    name: str
    basket: int
    best: tuple[str, ...]
    key: str
    found: bool
    headers: Mapping[str, str]
    token: str

    @property
    def crossed(self) -> bool:
        """Whether the page is somebody else's."""
        return self.name != name_of(self.who)


class Storefront:
    """The shop's site with a front page; its visitors keep their cookies.

    Args:
        front_page: the view.
        analytics: whether each visitor has a cookie besides, which changes with each request.

    Attributes:
        response: to the last visit.
    """

    def __init__(self, front_page: Callable[[HttpRequest], HttpResponse], analytics: bool = False) -> None:
        from django.core.cache import caches

        set_up()
        for cache in caches.all(initialized_only=False):
            cache.clear()
        self.front_page, self.analytics = front_page, analytics
        self._visitors: dict[str, Any] = {}
        self._pages: dict[str, Visit] = {}
        self._requests = 0
        self.response: Any = None

    def visit(self, who: str, language: str = "en", headers: dict[str, str] | None = None) -> Visit:
        """Ask for the front page, as a visitor who has logged in before; a guest has not.

        Args:
            who: a name; that of a guest begins with "guest".
            language: of the visitor's browser.
            headers: that the browser sends besides.
        """
        client = self._client(who)
        self._requests += 1
        if self.analytics:
            client.cookies["analytics"] = f"1.{self._requests}"
        NotedCache.notes.clear()
        response = client.get("/", headers={"accept-language": language, **(headers or {})})
        key, found = noted(NotedCache.notes)
        self.response, html = response, response.content.decode()
        self._pages[who] = Visit(
            who,
            language,
            name=one(r"<h1>(.*)</h1>", html),
            basket=int(one(r"basket: (\d+)", html) or -1),
            best=tuple(re.findall("<li>(.*?)</li>", html)),
            key=key,
            found=found,
            headers=response.headers,
            token=one(r'csrfmiddlewaretoken" value="(\w+)"', html),
        )
        return self._pages[who]

    def add(self, who: str) -> int:
        """Send the form on the page that a visitor saw last; return the status, 302 where it worked."""
        token = self._pages[who].token
        return self._client(who).post("/basket", {"csrfmiddlewaretoken": token}).status_code

    def _client(self, who: str) -> Any:
        from django.test import Client

        if who not in self._visitors:
            client = Client(enforce_csrf_checks=True, **{"kettle.front_page": self.front_page})
            self._visitors[who] = client
            if not who.startswith(GUEST):
                token = one(r'value="(\w+)"', client.get("/login").content.decode())
                client.post("/login", {"name": who, "csrfmiddlewaretoken": token})
        return self._visitors[who]


def name_of(who: str) -> str:
    """Return the name that belongs on the page of a visitor; all who have not logged in are guests."""
    return GUEST if who.startswith(GUEST) else who


def one(pattern: str, text: str) -> str:
    """Return what a pattern finds in a text, or ""."""
    found = re.search(pattern, text)
    return found[1] if found else ""


def noted(notes: Sequence[tuple[str, bool]]) -> tuple[str, bool]:
    """Return the key that counts among those that were noted, made short, and whether it was found."""
    counting = [(key, found) for key, found in notes if HEADER not in key]
    if not counting:
        return "", False
    last, _ = counting[-1]
    return short(last), next(found for key, found in counting if key == last)


def short(key: str) -> str:
    """Return a key as a reader can take it in: of Django's own keys, what they differ in."""
    page = PAGE.match(key)
    if page is None:
        return key
    headers = "" if page["headers"] == NO_HEADERS else f" cookie {page['headers'][:4]}"
    return f"page /{key[page.end() :].replace('.', ' ')}{headers}"


def front(request: HttpRequest) -> HttpResponse:
    """Answer with the view that the client's site has."""
    return request.META["kettle.front_page"](request)


def login(request: HttpRequest) -> HttpResponse:
    """Show the form, or remember who has logged in."""
    if request.method == "POST":
        request.session["name"] = request.POST["name"]
        return redirect("/")
    return render(request, "login.html")


def basket(request: HttpRequest) -> HttpResponse:
    """Put a teapot into the basket."""
    request.session["basket"] = [*request.session.get("basket", []), "teapot"]
    return redirect("/")


urlpatterns = [path("", front), path("login", login), path("basket", basket)]

SITE: dict[str, Any] = {
    "ROOT_URLCONF": __name__,
    "ALLOWED_HOSTS": ["*"],
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    "CACHES": {
        "default": {"BACKEND": f"{__name__}.NotedCache", "LOCATION": "pages"},
        "sessions": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "sessions"},
    },
    "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
    "SESSION_CACHE_ALIAS": "sessions",
    "USE_I18N": True,
    "LANGUAGES": [("en", "English"), ("de", "Deutsch")],
    "LANGUAGE_CODE": "en",
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {"front_page.html": FRONT_PAGE, "login.html": LOGIN},
                    )
                ],
            },
        }
    ],
}
