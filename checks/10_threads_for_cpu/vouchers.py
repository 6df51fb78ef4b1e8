"""Vouchers on paper: what a smudged code may have been. Work for a processor, in pure Python.

The work stands in a module, and not in a notebook's cell, so that a worker process can find it by its name.
"""

import random
import re
from collections.abc import Iterable
from itertools import product

SMUDGE = "?"
_SHAPE = re.compile(r"TEA-[0-9?]{12}")
_CHECKED = 97  # the weighted sum of a right code's digits can be divided by this


def issue(number: int, seed: int) -> set[str]:
    """Return a ledger: so many codes that the shop has issued, which depend on the seed only."""
    chance = random.Random(seed)
    codes: set[str] = set()
    while len(codes) < number:
        digits = f"{chance.randrange(10**10):010}"
        last = (-sum(weight * int(digit) for weight, digit in enumerate(digits, 2))) % _CHECKED
        codes.add(f"TEA-{_ending_on(digits, last)}")
    return codes


def smudge(code: str, places: int, seed: int) -> str:
    """Return a code with so many of its digits made unreadable."""
    letters = list(code)
    for place in random.Random(seed).sample(range(4, len(code)), places):
        letters[place] = SMUDGE
    return "".join(letters)


def readings(text: str, issued: set[str]) -> list[str]:
    """Return the codes that were issued and that a smudged text may be. Each smudge is ten times the work.

    text: "TEA-" and twelve digits, those that cannot be read as "?". issued: the shop's ledger.
    Raises ValueError where the text is no voucher.
    """
    if not _SHAPE.fullmatch(text):
        raise ValueError(f"{text!r} is no voucher")
    digits, found = list(text[4:]), []
    smudged = [place for place, digit in enumerate(digits) if digit == SMUDGE]
    for guess in product("0123456789", repeat=len(smudged)):
        for place, digit in zip(smudged, guess, strict=True):
            digits[place] = digit
        if _is_right(digits):
            code = "TEA-" + "".join(digits)
            if code in issued:
                found.append(code)
    return found


def readings_of_all(texts: Iterable[str], issued: set[str]) -> list[list[str]]:
    """Return the readings of several texts, in their order."""
    return [readings(text, issued) for text in texts]


def _is_right(digits: list[str]) -> bool:
    total = 0
    for weight, digit in enumerate(digits[:10], 2):
        total += weight * int(digit)
    return (total + 10 * int(digits[10]) + int(digits[11])) % _CHECKED == 0


def _ending_on(digits: str, last: int) -> str:
    return f"{digits}{last:02}"
