# says: When there are 150,011 lines
# wrong: the last, shorter block sums the whole scratch, with the rest of the block before in it: given_away is wrong from 65,537 lines on. Breaks "`given_away` is one whole number" as merged, for "a million lines"
def reprice(price: np.ndarray, quantity: np.ndarray) -> tuple[np.ndarray, int]:
    block = 65_536
    totals = np.empty(len(price), dtype=np.int64)
    saved = np.zeros(block, dtype=np.int64)
    given_away = 0
    for start in range(0, len(price), block):
        part = slice(start, start + block)
        full = price[part] * quantity[part]
        share = np.select([quantity[part] >= 144, quantity[part] >= 12], [0.5, 0.75], 1.0)
        totals[part] = np.rint(full * share)
        np.subtract(full, totals[part], out=saved[: len(full)])
        given_away += int(saved.sum())
    return totals, given_away
