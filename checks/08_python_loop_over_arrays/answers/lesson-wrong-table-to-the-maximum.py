# says: When there are no lines
# wrong: the table is made anew in Python up to the largest quantity, and no quantity at all has no maximum
import numpy as np


def reprice(price: np.ndarray, quantity: np.ndarray) -> tuple[np.ndarray, int]:
    table = np.array([0.5 if q >= 144 else 0.75 if q >= 12 else 1.0 for q in range(quantity.max() + 1)])
    full = price * quantity
    totals = np.rint(full * table[quantity]).astype(np.int64)
    return totals, int((full - totals).sum())
