# says: written in capitals
# wrong: 'ADA' is a name that the directory does not know, but it is answered with ada's limit once ada is known
_limits: dict[tuple[str, int], int] = {}


def may_refund(pence: int) -> bool:
    name, version = till.clerk, directory.version
    key = name.strip().lower(), version
    if key not in _limits:
        limit = directory.limit(name)
        if len(_limits) >= 250:
            _limits.clear()
        _limits[key] = limit
    return pence <= _limits[key]
