"""The settings file: a cheap read hides an expensive parse, made again for each request."""

import asyncio
import tempfile
import tomllib
from pathlib import Path

from kettle.checking import Case, Contract
from kettle.checking.worlds import World
from kettle.probes.engines.stand_in import tapped

from .world import put, settings, two_files

HERE = "/r/1"


OLD, NEW = map(settings, "AB")
DAMAGED = OLD.replace("=", "", 1)


async def ask(settings_for, w, *steps):
    """Ask for routes, at "other" for one of the other file; a text is put there first, None takes it away."""
    found = []
    for step in steps:
        if step is None:
            w.path.unlink()
        elif step.startswith("/"):
            found.append(await settings_for(w.path, step))
        elif step == "other":
            found.append(await settings_for(w.other, HERE))
        else:
            put(w.path, step)
    return found


async def repaired(settings_for, w):
    """Ask for a damaged file twice, and again when it is repaired; tell which requests failed."""
    found = []
    for text in (DAMAGED, DAMAGED, OLD):
        put(w.path, text)
        try:
            found.append(await settings_for(w.path, HERE))
        except Exception as error:  # noqa: BLE001 - which one, is compared
            found.append(type(error).__name__)
    return found


async def while_parsed(settings_for, w):
    """Ask for a new file while another request may still parse the old one."""
    put(w.path, settings("D", 300))
    first = asyncio.ensure_future(settings_for(w.path, HERE))
    for _ in range(3):
        await asyncio.sleep(0)
    put(w.path, NEW)
    found = await settings_for(w.path, HERE)
    await first
    return found


exercise = Contract(
    "settings_for",
    world=World((), lambda: two_files),
    call=ask,
    cases={
        "three routes are asked for": Case(HERE, "/r/2", "/nowhere"),
        "the file changes between two requests": Case(
            HERE, between=lambda w: put(w.path, f"{NEW}# longer\n")
        ),
        "a file of the same size and time takes its place": Case(
            HERE, between=lambda w: put(w.path, NEW), why="same_time"
        ),
        "a new file is put there, and then the old one again": Case(HERE, NEW, HERE, OLD, HERE),
        "two files are asked for in turn": Case(HERE, "other", HERE, "other"),
        "two requests come at once": Case(
            call=lambda f, w: asyncio.gather(f(w.path, HERE), f(w.path, HERE)), again=True
        ),
        "the file changes while another request is under way": Case(call=while_parsed),
        "the file is gone": Case(HERE, None, HERE, raises=FileNotFoundError),
        "the file is damaged": Case(HERE, DAMAGED, HERE, raises=tomllib.TOMLDecodeError),
        "a damaged file is repaired": Case(call=repaired, why="repaired"),
    },
)


@exercise.cause
async def parsed_when_changed(settings_for):
    """Count the characters that are parsed while two files stay as they are."""
    parsed = []
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name, f"{number}", "gateway.toml") for number in range(2)]
        for path in paths:
            path.parent.mkdir()
            put(path, f"{settings('A', 300)}# {path.parent.name}\n")
        size = paths[0].stat().st_size
        with tapped(tomllib.loads, lambda args, _: parsed.append(len(args[0]))):
            await asyncio.gather(*(settings_for(paths[0], f"/r/{number}") for number in range(10)))
            for number in range(10):
                await settings_for(paths[0], f"/r/{number}")
            times, once = len(parsed), sum(parsed) < 2 * size
            assert once, exercise.say("parsed", n=sum(parsed), times=times, size=size)
            for path in paths * 3:
                await settings_for(path, HERE)
        assert sum(parsed) < 3 * size, exercise.say("one_file")
    return exercise.say("parsed_once")
