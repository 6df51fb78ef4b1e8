# fresh
def smoothed(readings, hours):
    stock = readings["stock"]
    r = stock.fillna(0).rolling(hours, min_periods=1).sum()
    n = stock.notna().astype(float).rolling(hours, min_periods=1).sum()
    return r / n.replace(0, np.nan)
