# fresh
def reprice(price, quantity):
    full = price * quantity
    discount = np.zeros(full.shape)
    big = quantity >= 144
    medium = (quantity >= 12) & ~big
    discount[medium] = 0.25
    discount[big] = 0.5
    totals = np.round(full - full * discount).astype("int64")
    return totals, int(np.sum(full)) - int(np.sum(totals))
