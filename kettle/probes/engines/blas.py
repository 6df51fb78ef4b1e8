"""One thread for NumPy's linear algebra, since waiting BLAS threads burn CPU and make times jump.

Its OpenBLAS reads OPENBLAS_NUM_THREADS once, when NumPy is imported. Later the number is set by a call into
the library, found beside NumPy. (threadpoolctl does this for more libraries.)
"""

import ctypes
import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_SPELLINGS = tuple(f"{start}openblas_%s_num_threads{end}" for start in ("scipy_", "") for end in ("64_", ""))


@contextmanager
def one_blas_thread(*, warn: bool = True) -> Iterator[bool]:
    """Let NumPy's linear algebra use one thread while the block runs, in the whole process.

    Yields whether that could be done: True if NumPy is not imported yet (the environment then tells it, also
    for processes started in the block, and it stays so), if its OpenBLAS can be told, or if it was told at
    the start. Warns (RuntimeWarning) otherwise, if `warn`.
    """
    if "numpy" not in sys.modules:
        with _environment():
            yield True
        return
    calls = _openblas()
    if calls is None:
        pinned = any(os.environ.get(name) == "1" for name in _VARIABLES)
        if warn and not pinned:
            warnings.warn(
                "NumPy is imported already, and its linear algebra cannot be told to use one thread now: "
                f"set {_VARIABLES[0]}=1 before Python starts.",
                RuntimeWarning,
                stacklevel=3,
            )
        yield pinned
        return
    read, write = calls
    before = read()
    write(1)
    try:
        yield True
    finally:
        write(before)


@contextmanager
def _environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@functools.cache
def _openblas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """The functions of the loaded OpenBLAS that read and write its number of threads."""
    home = Path(sys.modules["numpy"].__file__).parent
    for folder in (home.parent / "numpy.libs", home / ".dylibs", home / ".libs"):
        for file in sorted(folder.glob("*openblas*")):
            try:
                library = ctypes.CDLL(str(file))  # loaded already: this is only a handle to it
            except OSError:
                continue
            for spelling in _SPELLINGS:
                if hasattr(library, spelling % "get"):
                    return getattr(library, spelling % "get"), getattr(library, spelling % "set")
    return None
