# says: when the limit is 0
# a limit of 0, which ada has, looks like nothing remembered, so the directory is asked for her at each button
_known: dict[str, int] = {}
_version = directory.version


def may_refund(pence: int) -> bool:
    global _version
    if _version != directory.version:
        _known.clear()
        _version = directory.version
    limit = _known.get(till.clerk)
    if not limit:
        limit = _known[till.clerk] = directory.limit(till.clerk)
    return pence <= limit
