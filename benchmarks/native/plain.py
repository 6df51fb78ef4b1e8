"""The night of discounts in plain Python: for CPython, for PyPy, and for Cython to compile as it is."""

import struct


def halving(tape, bounds, permille):
    """Return the discount of each line; the bounds are searched by halving."""
    given = []
    for (pence,) in struct.iter_unpack("<I", tape):
        low, high = 0, len(bounds)
        while low < high:
            middle = (low + high) // 2
            if bounds[middle] <= pence:
                low = middle + 1
            else:
                high = middle
        given.append(pence * permille[low] // 1000)
    return given


def scan(tape, bounds, permille):
    """Return the discount of each line; each bound is looked at until one is not reached."""
    given = []
    for (pence,) in struct.iter_unpack("<I", tape):
        step = 0
        for bound in bounds:
            if bound > pence:
                break
            step += 1
        given.append(pence * permille[step] // 1000)
    return given


def collatz(limit):
    """Return how many steps all numbers below a limit take to 1: arithmetic, and nothing else."""
    steps = 0
    for start in range(1, limit):
        number = start
        while number != 1:
            number = number * 3 + 1 if number % 2 else number // 2
            steps += 1
    return steps
