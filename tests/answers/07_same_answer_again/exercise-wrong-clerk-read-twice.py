# says: another clerk logs in
# wrong: who stands at the till is read again after the directory's answer: if clerks change meanwhile, one's limit is kept under the other's name
_known: dict[tuple[str, int], int] = {}


def may_refund(pence: int) -> bool:
    version = directory.version
    if (till.clerk, version) not in _known:
        limit = directory.limit(till.clerk)
        if len(_known) >= 100:
            _known.clear()
        _known[till.clerk, version] = limit
        return pence <= limit
    return pence <= _known[till.clerk, version]
