# says: with the version in the key
# wrong: at a new version only the clerk at the till is forgotten; the next clerk finds the version up to date and his own old limit
_known: dict[str, int] = {}
_seen_version = None


def may_refund(pence: int) -> bool:
    global _seen_version
    name, version = till.clerk, directory.version
    if version != _seen_version:
        _known.pop(name, None)
        _seen_version = version
    if name not in _known:
        limit = directory.limit(name)
        if len(_known) >= 100:
            _known.clear()
        _known[name] = limit
    return pence <= _known[name]
