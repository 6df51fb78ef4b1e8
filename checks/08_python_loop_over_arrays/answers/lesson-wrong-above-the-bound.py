# says: these get the larger discount
# wrong: exactly 12 and exactly 144 belong to the larger discount
def reprice(price, quantity):
    full = price * quantity
    share = np.select([quantity > 144, quantity > 12], [0.5, 0.75], default=1)
    totals = np.rint(full * share).astype(np.int64)
    return totals, (full - totals).sum()
