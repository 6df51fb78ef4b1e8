# says: each by a penny
def discounts(tape: bytes, bounds: np.ndarray, permille: np.ndarray) -> np.ndarray:
    amounts = np.frombuffer(tape, dtype="<u4").astype(np.int64)
    rates = permille[np.searchsorted(bounds, amounts, side="right")] * 0.001
    return (amounts * rates).astype(np.int64)
