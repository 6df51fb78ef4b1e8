"""Hidden blockers: lines that look like nothing hold the event loop, and some that look slow do not."""

import asyncio
import os
import pickle
import tempfile
import threading
import time
import tomllib
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from kettle.checking import words_of
from kettle.checking.equivalence import Situation, Told
from kettle.checking.processor import costs, cpu, fits
from kettle.checking.words import many
from kettle.probes.engines.stand_in import tapped
from kettle.probes.workers import watch_workers

from .world import PATIENCE, _in_turn, _names, _turns, _until

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake


async def check_same_settings(settings_for, same):
    """Each request gets its route's settings as the file is now."""
    old, new, third = map(_settings, "ABC")
    damaged, at_the_end = old.replace("=", "", 1), f"{old[:-4]}Z{old[-3:]}"
    far_off = "".join(old.rpartition("=")[::2])

    @contextmanager
    def world():
        with tempfile.TemporaryDirectory() as name:
            w = SimpleNamespace(path=Path(name, "gateway.toml"), other=Path(name, "other", "gateway.toml"))
            w.other.parent.mkdir()
            _put(w.path, old)
            _put(w.other, third)
            yield w

    def put(text):
        return lambda w: _put(w.path, text)

    def ask(*steps, fail=()):
        """Return a call that asks for a route, at "other" for another file's, and does in between what it is told."""

        async def call(f, w):
            found = []
            for step in steps:
                if callable(step):
                    step(w)
                else:
                    where = (w.other, here) if step == "other" else (w.path, step)
                    found += await _in_turn(f(*where), fail=fail)
            return found

        return call

    def at_once(*routes):
        return lambda f, w: asyncio.gather(*(f(w.path, route) for route in routes))

    def gone(w):
        w.path.unlink()

    def no_text(w):
        w.path.write_bytes(b"\xff\xfe")

    no_toml, here = tomllib.TOMLDecodeError, "/r/1"
    situations = (
        Situation("two routes and one without settings of its own are asked for", ask(here, "/r/2", "/nowhere")),
        Situation("the file changes between two requests", ask(here), between=put(new + "# longer\n")),
        Situation("the file is replaced by one of its size and time", ask(here), between=put(new), why=_SAME_TIME),
        Situation("only the end of the file changes, not its size or time", ask("/r/3"), between=put(at_the_end), why=_SAME_TIME),
        Situation("the file is replaced, and then the old one is put back", ask(here, put(new), here, put(old), here)),
        Situation("the file is replaced twice, and the file system uses the first one's number again", ask(here), between=_number_again(third, new), why=_SAME_TIME),
        Situation("two files are asked for in turn", ask(here, "other", here, "other")),
        Situation("a request is made again", ask(here, "/nowhere"), again=True),
        Situation("three requests come at once", at_once(here, "/r/2", "/nowhere"), put(_settings("D"))),
        Situation("two requests for one route come at once", at_once(here, here), put(_settings("E")), again=True),
        Situation("the file changes while another request waits for its parse", _changed_meanwhile, put(_settings("F")), why=_JOINED),
        Situation("two requests come at once, and one is given up", _given_up),
        Situation("the file is missing", ask(gone, here), raises=FileNotFoundError),
        Situation("the file has gone since the last request", ask(here, gone, here), raises=FileNotFoundError),
        Situation("the file is damaged", ask(put(damaged), here), raises=no_toml),
        Situation("another route's part of the file is damaged", ask(put(far_off), here), raises=no_toml),
        Situation("the file was damaged since the last request", ask(here, put(damaged), here), raises=no_toml),
        Situation("the file is no text", ask(no_text, here), raises=UnicodeDecodeError),
        Situation("the file has no part for all routes", ask(put("[routes]\n"), here), raises=KeyError),
        Situation("a file is damaged, is asked for twice, and repaired", ask(here, put(damaged), here, here, put(old), here, fail=no_toml), why=_EACH_TIME),
    )  # fmt: skip
    await same(settings_for, world, situations)


async def check_parsed_when_changed(settings_for):
    """A file that stays as it is is parsed once, and a request for it makes no hop."""
    parsed, text = [], _settings("A", 300)
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name, f"{number}", "gateway.toml") for number in range(3)]
        for path, parts in zip(paths, (text, text, _settings("B").ljust(len(text), "#")), strict=True):
            path.parent.mkdir()
            _put(path, f"{parts}# {path.parent.name}\n")
        size = len(f"{text}# 0\n")
        with tapped(tomllib.loads, lambda args, _: parsed.append(len(args[0]))):
            for number in range(20):
                await settings_for(paths[0], f"/r/{number}")
            await asyncio.gather(*(settings_for(paths[0], f"/r/{number}") for number in range(20)))
            assert sum(parsed) < 2 * size, (
                f"{sum(parsed):,} characters {EXERCISE_MISTAKE} of one file that stayed as it is and has {size:,}: "
                f"tomllib.loads was called {many(len(parsed), 'time')}. What has to be true for an earlier result to be still right?"
            )
            parsed.clear()
            await asyncio.gather(*(settings_for(path, "/r/1") for path in paths * 3))
            for path in paths * 3:
                await settings_for(path, "/r/1")
            assert sum(parsed) < 3 * size, (
                f"Of three files that stayed as they are, {sum(parsed):,} characters were parsed for 18 requests, and they have "
                f"{3 * size:,}. Is more than one file remembered, though they have one name, and what do requests do that come together?"
            )
        with watch_workers() as workers:
            for number in range(10):
                await settings_for(paths[0], f"/r/{number}")
        assert not workers.ran, (
            f"10 requests for a file that stayed as it is made {many(len(workers.ran), 'hop')} to threads, for {_names(workers)}: "
            "a hop costs more than reading the file."
        )

        async def of_twenty(path):
            for number in range(20):
                await settings_for(path, f"/r/{number % 4}")

        async def more():
            return await costs(partial(of_twenty, paths[0])) - await costs(partial(of_twenty, paths[2]))

        assert await fits(more, 10 * cpu(pickle.loads, pickle.dumps(tomllib.loads(text)))), (
            "A request for a file that stayed as it is took more of the processor with 300 routes in it than with four, in a "
            "file of the same size: what is done with all of its routes, though one is asked for?"
        )
    return "40 requests for a file that stayed as it is parsed it once, and each read it on the loop."


_EACH_TIME = "A damaged file makes each request fail. What is remembered of one that could not be parsed?"


_JOINED = "Of what text is the parse that it waited for?"


_SAME_TIME = "A file's size and time do not tell whether it is the same. What does, and is as quick?"


MORE = "since = 2026-03-01\nretry = {times = 2, codes = [502, 503]}\n"


RELEASED = (10**18, 10**18)  # ns


def _settings(letter, routes=4):
    parts = [f'[default]\nowner = "{letter}"\nallow = []\nburst = 10\n{MORE}[routes]\n']
    parts += [
        f'[routes."/r/{n}"]\nper_minute = {n}\nname = "{letter}{n}"\nallow = ["shop", "{letter}"]\n'
        for n in range(routes)
    ]
    return "".join(parts)


def _put(path, text):
    """Put a new file in the old one's place, with the time that all files of a release have."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    os.utime(draft, ns=RELEASED)
    draft.replace(path)


def _number_again(second, third):
    """Return what puts two new files in the old one's place, one after another; the last has its number."""

    def put(w):
        first = w.path.with_suffix(".first")
        w.path.rename(first)
        _put(w.path, second)
        time.sleep(0.02)  # what a file system notes of a change is not finer than some milliseconds
        first.write_text(third, encoding="utf-8")
        os.utime(first, ns=RELEASED)
        first.replace(w.path)

    return put


async def _changed_meanwhile(f, w):
    """Ask while another request's parse is held in a thread, and the file has changed."""
    loop, held, go = threading.get_ident(), threading.Event(), threading.Event()

    def hold(*_):
        if threading.get_ident() != loop:
            held.set()
            go.wait(PATIENCE)

    with tapped(tomllib.loads, hold):
        earlier = asyncio.ensure_future(f(w.path, "/r/1"))
        await _until(lambda: held.is_set() or earlier.done())
        _put(w.path, _settings("G"))
        asked = asyncio.ensure_future(f(w.path, "/r/1"))
        await _turns()  # in which it reads the file
        go.set()
        await earlier
        return await asked


async def _given_up(f, w):
    """Of two requests that come together for a new file, either is given up; a third comes later."""
    found = []
    for letter, which in ("H", 0), ("I", 1):
        _put(w.path, _settings(letter))
        asked = [asyncio.ensure_future(f(w.path, route)) for route in ("/r/1", "/r/2")]
        await asyncio.sleep(0)
        asked[which].cancel()
        await asyncio.wait(asked, timeout=PATIENCE)
        later = asyncio.ensure_future(f(w.path, "/r/1"))
        await asyncio.wait([later], timeout=PATIENCE)
        for who, other in (("the other one", asked[1 - which]), ("a later one", later)):
            if not other.done() or other.cancelled():
                raise Told(
                    f"{who} is {'cancelled, too' if other.done() else 'never answered'}. "
                    "What did they share, and who else hears of it when one waits no more?"
                )
            found.append(other.result())
    return found
