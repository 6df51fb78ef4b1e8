"""One thread for NumPy's linear algebra, since waiting BLAS threads burn CPU and make times jump."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
def one_blas_thread(*, warn: bool = True) -> Iterator[bool]:
    """Let NumPy's linear algebra use one thread while the block runs, in the whole process.

    Yields whether that could be done: True if NumPy is not imported yet (the environment then tells it, also
    for processes started in the block, and it stays so), if threadpoolctl can tell its library, or if it was
    told at the start. Warns (RuntimeWarning) otherwise, if `warn`.
    """
    if "numpy" not in sys.modules:
        with _environment():
            yield True
        return
    from threadpoolctl import ThreadpoolController

    libraries = ThreadpoolController().select(user_api="blas")
    told = bool(libraries.lib_controllers) or any(os.environ.get(name) == "1" for name in _VARIABLES)
    if warn and not told:
        warnings.warn(
            "NumPy is imported already, and its linear algebra cannot be told to use one thread now: "
            f"set {_VARIABLES[0]}=1 before Python starts.",
            RuntimeWarning,
            stacklevel=3,
        )
    with libraries.limit(limits=1):
        yield told


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
