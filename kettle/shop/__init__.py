"""Kettle & Crumb, the shop that every story plays in: its API server, its data, and the handle on both."""

from kettle.shop.handle import Shop
from kettle.shop.meeting import Meeting
from kettle.shop.process import ShopClosed, start_ahead
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
