"""The catalogue of the exercise: it knows the price of each product, and takes its time to say it."""

from __future__ import annotations

import time

PRODUCTS = [f"KC-{number:04}" for number in range(1, 201)]


class Catalogue:
    """The prices, in pounds, which never change.

    Attributes:
        seconds: that an answer takes.
        asked: the products that were asked for, one by one.
        fails: whether the next question raises; or the product about which each question does.
    """

    def __init__(self, seconds: float = 0.2) -> None:
        self.seconds = seconds
        self.fails: bool | str = False
        self.asked: list[str] = []

    def price(self, code: str) -> float:
        """Return the price of a product.

        Raises:
            KeyError: there is no such product.
            ConnectionError: the catalogue does not answer.
        """
        self.asked.append(code)
        time.sleep(self.seconds)
        if self.fails in (True, code):
            self.fails = self.fails == code and code
            raise ConnectionError("the catalogue does not answer")
        if code not in PRODUCTS:
            raise KeyError(code)
        return 4.0 + int(code[3:]) / 4
