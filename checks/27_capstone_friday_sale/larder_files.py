"""The files of `larder`: those that a learner edits, those as merged, and those of the solution.

The learner's are in a folder beside the exercise. Each `open_files()` reads all of them anew.
"""

from __future__ import annotations

import difflib
import importlib
import itertools
import shutil
import sys
from collections.abc import Callable
from datetime import datetime
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from kettle.files.course import ROOT

STEM = "27_capstone_friday_sale"
MERGED, SOLUTION = ROOT / "solutions" / STEM / "merged", ROOT / "solutions" / STEM / "fixed"
MODULES = ("courier", "account", "checkout", "front", "photos", "search", "service")
ROUTES = ("account_page", "place_order", "upload", "front_page", "change_prices", "reindex")
_numbers = itertools.count(1)


class Files:
    """The modules of one folder, and what the service does, by the names of its functions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = f"larder_{next(_numbers)}"
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[package] = module_from_spec(spec)
        importlib.invalidate_caches()
        self.modules: dict[str, ModuleType] = {
            name: importlib.import_module(f"{package}.{name}") for name in MODULES
        }

    def __getattr__(self, name: str) -> Any:
        for module in self.__dict__.get("modules", {}).values():
            if name in vars(module):
                return getattr(module, name)
        raise AttributeError(f"No file of {self.folder.name} defines {name!r}.")

    def replace(self, *functions: Callable) -> Files:
        """Let functions take the place of those of their names, in each module that knows them."""
        for function in functions:
            known = [each for each in self.modules.values() if function.__name__ in vars(each)]
            for module in known:
                setattr(module, function.__name__, function)
            for name, value in vars(known[0]).items() if known else ():
                if not name.startswith("__"):  # a `__file__` of ours would be imported by each new process
                    function.__globals__.setdefault(name, value)
        return self

    def __repr__(self) -> str:
        return f"<larder, the files in {self.folder.parent.name}/{self.folder.name}>"


def open_files(who: str = "__main__") -> Files:
    """Read the files anew, and return what they define.

    Args:
        who: `__name__` of the asking module: the merged code gets the files as merged, a notebook its own.
    """
    return Files(MERGED if who.startswith("merged_") else folder())


def folder() -> Path:
    """Return the learner's folder: beside the notebook that runs, else beside the course's exercise."""
    beside = Path.cwd() / STEM / "larder"
    return beside if beside.is_dir() else ROOT / "exercises" / STEM / "larder"


def difference(name: str, place: Path) -> str:
    """Return how a file of a folder differs from the one as merged; "" if it does not.

    Args:
        name: such as "account".
        place: the folder.
    """
    merged, mine = ((each / f"{name}.py").read_text("utf-8") for each in (MERGED, place))
    lines = difflib.unified_diff(
        merged.splitlines(), mine.splitlines(), f"{name}, as merged", name, n=1, lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def changes() -> str:
    """Return how the learner's files differ from those as merged."""
    return "".join(difference(name, folder()) for name in MODULES) or "Your files are as merged."


def yours_and_solution() -> tuple[str, str]:
    """Return the learner's files and the solution's, as two texts: those that differ, each under its name."""
    yours, fixed = [], []
    for name in MODULES:
        mine, right = ((each / f"{name}.py").read_text("utf-8") for each in (folder(), SOLUTION))
        if mine != right:
            yours.append(f"# {name}.py\n{mine}")
            fixed.append(f"# {name}.py\n{right}")
    return "\n\n".join(yours), "\n\n".join(fixed)


def put_back(*names: str) -> list[Path]:
    """Put files back as merged, and keep a dated copy of each beside it; return the copies.

    Args:
        *names: such as "account"; none given: all files that have changed.
    """
    kept = []
    for name in names or MODULES:
        mine, merged = folder() / f"{name}.py", MERGED / f"{name}.py"
        if mine.exists() and mine.read_bytes() != merged.read_bytes():
            copy = mine.with_name(f"{name} {datetime.now().astimezone():%Y-%m-%d %H.%M.%S}.py.txt")
            kept.append(Path(shutil.copy(mine, copy)))
        shutil.copy(merged, mine)
    return kept
