"""How many rows the lesson's shop has, and the exercise's."""

from typing import Any

SIZES: dict[str, Any] = {
    "suppliers": 45,
    "products": 80,
    "customers": 60,
    "orders": 120,
    "lines": 2,
    "events": 3,
}
