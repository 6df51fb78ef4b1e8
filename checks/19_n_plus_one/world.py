"""What the lesson's checks and the exercise's share."""

SIZES: dict = {"suppliers": 45, "products": 80, "customers": 60, "orders": 120, "lines": 2, "events": 3}


FEW, MANY = 5, 40
