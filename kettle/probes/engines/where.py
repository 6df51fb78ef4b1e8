"""Where code is: places in the source, as short text, of frames, coroutines and tasks."""

import asyncio
import gc
import linecache
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePath
from types import CodeType, FrameType
from typing import Any

_CELL = re.compile(r"ipykernel_\d+[/\\]\d+\.py$")


def short_name(filename: str) -> str:
    """Return the name of a source file as a reader knows it: no folders, "cell [7]" for a notebook's cell.

    The number is the one that stands beside the cell; "cell" alone where there is none, or where a notebook
    is run to be checked: its cells have other numbers then.
    """
    if is_cell(filename):
        number = _prompt(filename)
        return f"cell [{number}]" if number else "cell"
    return PurePath(filename).stem if filename.endswith(".py") else filename


def _prompt(filename: str) -> int | None:
    """Return the number that IPython gave to the run of a cell; None where it knows of none."""
    if os.environ.get("KETTLE_CERTIFYING") or "IPython" not in sys.modules:
        return None
    compiler = getattr(sys.modules["IPython"].get_ipython(), "compile", None)
    told = compiler.format_code_name(filename) if compiler is not None else None  # ("Cell", "In[7]")
    return int("".join(filter(str.isdigit, told[1]))) if told else None


def is_cell(filename: str) -> bool:
    """Tell whether a source file is a notebook's cell."""
    return filename.startswith("<ipython-input") or _CELL.search(filename) is not None


def place(code: CodeType, line: int) -> str:
    """Return "module:line" of a line in a code object."""
    return f"{short_name(code.co_filename)}:{line}"


def source(code: CodeType, line: int) -> str:
    """Return the text of a line of source, stripped; empty where it cannot be read."""
    return linecache.getline(code.co_filename, line).strip()


def coroutine_frames(awaitable: Any) -> Iterator[FrameType]:
    """Yield the frames that an awaitable is suspended in, from its own to the innermost.

    Follows `cr_await`, `gi_yieldfrom` and `ag_await`; ends at a future, a task or anything without a frame.
    """
    while awaitable is not None:
        for kind in ("cr", "gi", "ag"):
            frame = getattr(awaitable, f"{kind}_frame", None)
            if frame is not None:
                break
        else:
            return
        yield frame
        awaitable = getattr(awaitable, "gi_yieldfrom" if kind == "gi" else f"{kind}_await", None)


@contextmanager
def no_collection() -> Iterator[None]:
    """Hold off the garbage collector while frames of another thread are asked for.

    Before Python 3.12 making a frame object could start a collection. If that lets the other thread go on,
    the frame may be gone when it is read, and the process crashes.
    """
    wanted = sys.version_info < (3, 12) and gc.isenabled()
    if wanted:
        gc.disable()
    try:
        yield
    finally:
        if wanted:
            gc.enable()


_OURS = (str(Path(__file__).parents[2] / room) for room in ("probes", "checking"))
_LIBRARIES = (str(Path(asyncio.__file__).parent.parent), *_OURS, "<frozen", "<sqlalchemy generated")
_instruments: set[str] = set()


def count_as_instrument(filename: str) -> None:
    """Count a source file in a lesson's folder among the instruments: who called it is asked for."""
    _instruments.add(filename)
    is_library.cache_clear()


@lru_cache(maxsize=1000)
def is_library(filename: str) -> bool:
    """Tell whether a source file is the standard library's, an installed package's, or an instrument's."""
    return "site-packages" in filename or filename.startswith(_LIBRARIES) or filename in _instruments


def own_frame(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame, from this one outwards, that is no library's; None if there is none."""
    while frame is not None and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame
