# right: whole columns of pandas, in blocks of twenty thousand lines
import numpy as np
import pandas as pd


def reprice(price: np.ndarray, quantity: np.ndarray) -> tuple[np.ndarray, int]:
    totals, given_away = np.empty(len(price), dtype=np.int64), 0
    for start in range(0, len(price), 20_000):
        part = slice(start, start + 20_000)
        lines = pd.DataFrame({"price": price[part], "quantity": quantity[part]})
        full = lines["price"] * lines["quantity"]
        share = full.astype(float).mask(full > -1, 1.0).mask(lines["quantity"] >= 12, 0.75)
        here = (full * share.mask(lines["quantity"] >= 144, 0.5)).round().astype("int64")
        totals[part] = here
        given_away += int(full.sum() - here.sum())
    return totals, given_away
