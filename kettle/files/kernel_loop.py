"""The kernel's event loop, reached from any thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def on_loop() -> Callable:
    """Return a function that runs a callback on the kernel's loop, from any thread."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return lambda callback, *args: callback(*args)
    return loop.call_soon_threadsafe
