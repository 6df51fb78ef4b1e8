# says: sum whole pence
# wrong: given_away is summed from floats and comes back as np.float64 (equal to the whole number, but not one). Breaks "one whole number; the merged code returns `int` or `np.int64`, and either will do"
def reprice(price: np.ndarray, quantity: np.ndarray) -> tuple[np.ndarray, int]:
    full = price * quantity
    share = np.select([quantity >= 144, quantity >= 12], [0.5, 0.75], 1.0)
    reduced = np.rint(full * share)
    given_away = np.sum(full - reduced)
    return reduced.astype(np.int64), given_away
