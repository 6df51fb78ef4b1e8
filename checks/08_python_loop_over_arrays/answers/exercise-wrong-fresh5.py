# says: index
def smoothed(readings, hours):
    r = readings.reset_index(drop=True)
    return r["stock"].rolling(hours, min_periods=1).mean()
