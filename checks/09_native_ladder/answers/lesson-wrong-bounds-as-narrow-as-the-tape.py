# says: Four bytes do not hold that bound
# wrong: a bound of 5,000,000,000 pence, which nobody can reach, wraps to 705,032,704 in four bytes, and is reached: the bounds "are arrays of `int64`", the discounts must be "exact"
def discounts(tape: bytes, bounds: np.ndarray, permille: np.ndarray) -> np.ndarray:
    amounts = np.frombuffer(tape, dtype="<u4")
    # of one type, so that searchsorted has nothing to convert
    steps = np.searchsorted(bounds.astype(amounts.dtype), amounts, side="right")
    return amounts.astype(np.int64) * permille[steps] // 1000
