"""The products of the shop with their reviews, and what visitors and bots ask for."""

import random
from dataclasses import dataclass

SOURCES = ("mail", "search", "social", "print")
TEXT = "the kettle boils fast and quietly but its lid is hot so take care with it every morning"


@dataclass(frozen=True)
class Product:
    """A product: its name, and what customers wrote about it."""

    name: str
    reviews: tuple[str, ...]


def _products(number: int) -> dict[str, Product]:
    draw = random.Random(26)
    products = {}
    for place in range(number):
        reviews = tuple(
            " ".join(draw.choices(TEXT.split(), k=40)) for _ in range(40 + 7 * place % 60 if place else 0)
        )
        products[f"KC-{place:05}"] = Product(f"Kettle no. {place}", reviews)
    return products


PRODUCTS = _products(100)
"""By its code, each of the shop's hundred products; one is new and has no reviews yet."""


def urls(number: int, seed: int = 26) -> list[str]:
    """Draw what is asked for: mostly products, as mails and searches link them; 2 of 100 are bots' inventions.

    Args:
        number: of requests.
        seed: of the draw.
    """
    draw = random.Random(seed)
    codes = list(PRODUCTS)
    return [_url(draw, codes) for _ in range(number)]


def _url(draw: random.Random, codes: list[str]) -> str:
    if draw.random() < 0.02:
        return f"/wp-admin/{draw.getrandbits(32):08x}.php"
    path = f"/products/{draw.choice(codes)}"
    if draw.random() < 0.05:
        return path
    return f"{path}?utm_source={draw.choice(SOURCES)}&session={draw.getrandbits(32):08x}"
