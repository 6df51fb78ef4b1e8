# says: each different value
# wrong: Series.map of a category calls the function once for each different quantity. Breaks "nor for each different quantity: there are thousands"
def share_of(quantity: int) -> float:
    if quantity >= 144:
        return 0.5
    if quantity >= 12:
        return 0.75
    return 1.0


def reprice(price: np.ndarray, quantity: np.ndarray) -> tuple[np.ndarray, int]:
    share = pd.Series(quantity, dtype="category").map(share_of).astype(float).to_numpy()
    full = price * quantity
    totals = np.rint(full * share).astype(np.int64)
    return totals, int((full - totals).sum())
