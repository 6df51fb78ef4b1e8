# says: the other's with a 1 behind it
# wrong: name and version are run together: 'ada1' at version 1 and 'ada' at version 11 are one key
_limits: dict[str, int] = {}


def may_refund(pence: int) -> bool:
    name = till.clerk
    key = f"{name}{directory.version}"
    if key not in _limits:
        limit = directory.limit(name)
        if len(_limits) >= 250:
            _limits.clear()
        _limits[key] = limit
    return pence <= _limits[key]
