"""What the tills write, and what is on the shelves; and a text that counts."""

import numpy as np

INEXACT = (11, 22, 44, 73, 88, 145, 146, 147, 176, 289, 290, 291, 292, 293, 294, 352)  # as floats, /1000


def night(lines, steps=500, pence=None):
    """Make a tape and a contract, as in the notebook.

    Args:
        lines: on the tape.
        steps: of the contract.
        pence: what the amounts are: at or beside a "bounds", "round", or "large"; none of these otherwise.
    """
    chance = np.random.default_rng(9)
    bounds = np.sort(500 + chance.choice(250_000, steps, replace=False)) * 2 + 1
    amounts = chance.integers(50, 300_000, lines) * 2  # and so at no bound
    amounts[:1] = 998  # and so below all
    if pence == "bounds":
        bounds[1::2] = bounds[:-1:2]  # two are equal
        amounts = chance.choice(bounds, lines) + chance.integers(-1, 2, lines)
    elif pence == "round":
        amounts = chance.integers(1, 600, lines) * 1_000
    elif pence == "large":
        amounts = chance.integers(2**31, 2**32, lines)
    permille = np.sort(chance.choice(INEXACT if pence == "round" else np.arange(20, 401), steps + 1))
    return amounts.astype("<u4").tobytes(), bounds, permille


def shelves(number):
    """Make prices and numbers of what is on the shelves."""
    chance = np.random.default_rng(9)
    return chance.integers(95, 2**24, number), chance.integers(0, 2**24, number)


class Code(str):
    """A text that counts how often it is compared or hashed."""

    __slots__ = ()
    looks = 0

    def __hash__(self):
        Code.looks += 1
        return str.__hash__(self)

    def __eq__(self, other):
        Code.looks += 1
        return str.__eq__(self, other)
