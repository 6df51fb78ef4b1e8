# says: the last line of a long tape is cut off
# wrong: a tape longer than one block whose last line is cut off gives no error (count=... leaves the last bytes out): "A tape whose last line is cut off is an error, as it is now"
BLOCK = 50_000


def _of(amounts: np.ndarray, bounds: np.ndarray, permille: np.ndarray) -> np.ndarray:
    amounts = amounts.astype(np.int64)
    return amounts * permille[np.searchsorted(bounds, amounts, side="right")] // 1000


def discounts(tape: bytes, bounds: np.ndarray, permille: np.ndarray) -> np.ndarray:
    lines = len(tape) // 4
    if lines <= BLOCK:
        return _of(np.frombuffer(tape, dtype="<u4"), bounds, permille)
    given = np.empty(lines, dtype=np.int64)
    for start in range(0, lines, BLOCK):
        count = min(BLOCK, lines - start)
        block = np.frombuffer(tape, dtype="<u4", count=count, offset=4 * start)
        given[start : start + count] = _of(block, bounds, permille)
    return given
