# says: When was the version read
# wrong: the version is read after the answer: an answer from before a change that came meanwhile is kept under the new version
_known: dict[str, tuple[int, int]] = {}


def may_refund(pence: int) -> bool:
    name = till.clerk
    if name not in _known or _known[name][0] != directory.version:
        limit = directory.limit(name)
        if len(_known) >= 100:
            _known.clear()
        _known[name] = directory.version, limit
    return pence <= _known[name][1]
