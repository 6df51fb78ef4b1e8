"""Kettle & Crumb, the shop that every story plays in: its API server, its data, and the handle on both."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kettle.shop.client import ShopClosed, start_ahead
    from kettle.shop.handle import Shop
    from kettle.shop.meeting import Meeting
    from kettle.shop.routes import ROUTES, Settings
    from kettle.shop.traffic import Request, Traffic, TrafficWindow

__all__ = [
    "ROUTES",
    "Meeting",
    "Request",
    "Settings",
    "Shop",
    "ShopClosed",
    "Traffic",
    "TrafficWindow",
    "start_ahead",
]

_ROOMS = {"Shop": "handle", "Meeting": "meeting", "ShopClosed": "client", "start_ahead": "client"}
_ROOMS |= {"ROUTES": "routes", "Settings": "routes"}
_ROOMS |= dict.fromkeys(("Request", "Traffic", "TrafficWindow"), "traffic")


def __getattr__(name: str) -> object:
    # A worker process that makes thumbnails, and imports this package for them, does without the rest.
    if name in _ROOMS:
        return getattr(import_module(f"kettle.shop.{_ROOMS[name]}"), name)
    raise AttributeError(f"module 'kettle.shop' has no attribute {name!r}")
