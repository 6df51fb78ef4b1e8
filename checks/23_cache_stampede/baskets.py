"""What was in each of the shop's orders: six products of a hundred, always the same."""

import random

_draw = random.Random(23)
_products = [f"KC-{number:04}" for number in range(100)]
BASKETS = [tuple(sorted(_draw.sample(_products, 6))) for _ in range(40_000)]
