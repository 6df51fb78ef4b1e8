# says: when the cache was full
# when the memory is full it takes nothing new, so after 64 changes every button asks the directory again
_known: dict[tuple[str, int], int] = {}


def may_refund(pence: int) -> bool:
    key = till.clerk, directory.version
    if key in _known:
        return pence <= _known[key]
    limit = directory.limit(till.clerk)
    if len(_known) < 64:
        _known[key] = limit
    return pence <= limit
