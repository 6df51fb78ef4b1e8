"""Stop at the function: one line of a slow function takes nearly all of its time, and nobody has asked which."""

import inspect
import re
import sys
from contextlib import contextmanager

from kettle.checking import Case, Contract
from kettle.probes.calls import count_calls
from kettle.probes.lines import time_lines

from .world import cost_of_one_more

SUPPLIERS, TIMES = (
    997,
    3,
)  # about as many as the lesson promises, prime: no share of the rows has few; rows of each
FEW = 200  # suppliers whose instructions are counted
MORE_WORK = 3  # times as many instructions as the merged code takes for a row whose pattern is known
MOST = 50  # percent of the time, from which on a line is named
TABLE = "\n".join(f"C{n},category {n}" for n in range(9))
TREE, HILL, DOTS = "Tree Farm", "Hill & Sons", "Oak Co. (Leeds)"


def row(supplier, title, **more):
    """Make a row of the night's file."""
    usual = {"supplier": supplier, "title": title, "weight": "250 g", "price": "4.35", "category": "C1"}
    return {**usual, **more}


def rows_of(names, times, rng):
    """Make a row of each supplier in turn, and that again: every title is new."""
    return [row(name, f"{name} - Tea {rng.getrandbits(24)}") for _ in range(times) for name in names]


def new_names(number, rng):
    """Make names of suppliers that no cache knows yet."""
    return [f"Fern {n} {rng.getrandbits(24):x}" for n in range(number)]


def titles(supplier, *given, why=None):
    """Return a case with titles of one supplier, and one of another's."""
    return Case(*(row(supplier, title) for title in (*given, "Green  Tea")), row(HILL, "Mint"), why=why)


def part(path):
    """Name a part of the catalogue, such as `title` of row 3."""
    where = f"row {path[0] + 1}" if path and isinstance(path[0], int) else "the catalogue"
    return f"`{path[1]}` of {where}" if len(path) > 1 else where


lesson = Contract(
    "normalise_catalogue",
    call=lambda f, w, *rows: f([dict(each) for each in rows], TABLE),
    noun=part,
    cases={
        "suppliers take turns": Case(
            *(row(name, f"{name} - {tea}") for tea in ("Assam", "Mint") for name in (TREE, HILL))
        ),
        "the supplier's name is in other letters": titles(
            TREE, f"{TREE.upper()}: Assam", f"{TREE.lower()}-Assam", why="letters"
        ),
        "neither `:` nor `-` follows the supplier's name": titles(
            TREE, TREE, f"{TREE} Assam", f"{TREE}s - Assam", why="follows"
        ),
        "a title begins with the name of another supplier": titles(TREE, f"{HILL} - Assam", why="own"),
        "a supplier's name contains a full stop and brackets": titles(
            DOTS, f"{DOTS} - Oolong", f"{DOTS.replace('.', 'x')} - Oolong", why="escape"
        ),
        "the colon is a wide one": titles(TREE, f"{TREE}\uff1aAssam", why="normalize"),
        "a price cannot be read": Case(row(TREE, "Assam"), row(TREE, "Mint", price="n/a")),
    },
)


@lesson.cause
def pattern_for_each_row(normalise_catalogue, rng):
    """Count the patterns that are compiled when a thousand suppliers take turns."""
    with count_calls("re._compiler:compile") as once:
        normalise_catalogue(rows_of(new_names(SUPPLIERS, rng), 1, rng), TABLE)
    rows = rows_of(new_names(SUPPLIERS, rng), TIMES, rng)
    with count_calls("re._compiler:compile") as compiled:
        normalise_catalogue(rows, TABLE)
    if compiled.count > 1.1 * once.count + 20:
        said = lesson.say("compiled", n=compiled.count, rows=len(rows), suppliers=SUPPLIERS)
        raise AssertionError(
            f"{said} {small_cache(normalise_catalogue) or hot_line(normalise_catalogue, rows)}"
        )
    usual = re.search(r"^_MAXCACHE = (\d+)", inspect.getsource(re), re.MULTILINE)
    kept = vars(re).get("_MAXCACHE")  # no public way tells whether it was changed
    assert usual is None or int(usual[1]) == kept, lesson.say("private", kept=kept)
    return lesson.say("fewer", n=compiled.count, rows=len(rows))


def small_cache(function):
    """Name a cache of functools in the learner's code that has too few places; nothing where there is none."""
    space = getattr(function, "__globals__", None) or vars(sys.modules["__main__"])
    for name, thing in space.items():
        places = thing.cache_parameters()["maxsize"] if hasattr(thing, "cache_parameters") else None
        if places is not None and places < SUPPLIERS and thing.cache_info().misses >= SUPPLIERS:
            return lesson.say("places", name=name, places=places, suppliers=SUPPLIERS)
    return ""


def hot_line(function, rows):
    """Name the line that has most of the time, if one has."""
    timed = time_lines(function, rows[:90], TABLE)
    if timed.share() < MOST or "re." not in timed.top.source:
        return lesson.say("keep")
    return lesson.say("line", number=timed.top.number, source=timed.top.source.strip())


@lesson.cause
def little_work(normalise_catalogue, equivalence, rng):
    """Count the instructions for one more row."""
    names = new_names(FEW, rng)
    few, many = rows_of(names, 1, rng), rows_of(names, 2, rng)
    merged, yours = (
        cost_of_one_more(each, few, many, TABLE)
        for each in (equivalence.merged.normalise_catalogue, normalise_catalogue)
    )
    assert yours <= MORE_WORK * merged, lesson.say("walk", n=FEW, yours=yours, merged=merged)


@lesson.faster
@contextmanager
def a_night(rng):
    """Bring two rows of each of 600 suppliers into one form."""
    rows = rows_of(new_names(600, rng), 2, rng)
    yield lambda f: f(rows, TABLE)
