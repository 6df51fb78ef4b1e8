"""Virtual time: an event loop whose clock jumps when nothing is ready, so 300 seconds take milliseconds.

For example:

    run = run_virtual(fetch_with_retries)
    run.elapsed, run.hung, run.leftover
"""

from .network import network
from .refused import NotSupported
from .run import VirtualRun, run_virtual
from .shop import VirtualShop

__all__ = ["NotSupported", "VirtualRun", "VirtualShop", "network", "run_virtual"]
