"""How many rows the lesson's shop has, and the exercise's."""

SIZES = {"suppliers": 45, "products": 80, "customers": 60, "orders": 120, "lines": 2, "events": 3}
