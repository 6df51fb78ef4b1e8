# right: given_away is a number of NumPy without dimensions, and the totals come out of a two-column array
import numpy as np


def reprice(price, quantity):
    lines = np.stack([price, quantity], axis=1)
    full = lines.prod(axis=1)
    reached = (quantity[:, None] >= np.array([12, 144])).sum(axis=1)
    totals = np.rint(full * (4 - reached) / 4).astype(np.int64)
    return totals, np.subtract(full, totals).sum()
