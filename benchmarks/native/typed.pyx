# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The same with types: buffers in, a buffer out, and not one Python object for a line."""

import numpy as np


def halving(bytes tape, const long long[:] bounds, const long long[:] permille):
    """Return the discount of each line."""
    cdef const unsigned int[:] amounts = np.frombuffer(tape, dtype="<u4")
    cdef long long[:] given = np.empty(len(tape) // 4, dtype=np.int64)
    cdef Py_ssize_t line, low, high, middle
    cdef long long pence
    for line in range(amounts.shape[0]):
        pence = amounts[line]
        low, high = 0, bounds.shape[0]
        while low < high:
            middle = (low + high) // 2
            if bounds[middle] <= pence:
                low = middle + 1
            else:
                high = middle
        given[line] = pence * permille[low] // 1000
    return np.asarray(given)


def collatz(long long limit):
    """Return how many steps all numbers below a limit take to 1."""
    cdef long long start, number, steps = 0
    for start in range(1, limit):
        number = start
        while number != 1:
            number = number * 3 + 1 if number % 2 else number // 2
            steps += 1
    return steps
