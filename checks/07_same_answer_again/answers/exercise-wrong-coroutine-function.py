# says: expected a result, got a coroutine
# wrong: the page calls a plain function
_known: dict[tuple[str, int], int] = {}


async def may_refund(pence: int) -> bool:
    key = till.clerk, directory.version
    if key not in _known:
        if len(_known) >= 64:
            _known.clear()
        _known[key] = directory.limit(till.clerk)
    return pence <= _known[key]
