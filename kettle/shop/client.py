"""The shops' server as the process that opens them sees it."""

from kettle.processes import ChildTrouble
from kettle.processes.child import Child


class ShopClosed(ChildTrouble):
    """The shop, or the process of its server, is gone; the message says why and what to do."""


class ShopProcess(Child):
    """The process that serves shops; one for all shops of this process."""

    module = "kettle.shop.server"
    name = "The shop's server"
    again = "Make a new Shop() to start another."
    trouble = ShopClosed


def start_ahead() -> None:
    """Start the server now, without waiting for it, so that the first Shop() finds it ready."""
    ShopProcess.running()
