# says: Whose limit does this question need
# wrong: after a change all known clerks are asked anew at once; if ben was taken out of the directory, ada's refund fails with his KeyError, again and again; breaks "every clerk is told what the directory says about *that* clerk, *now*"
MOST = 64
_edition = 0, {}


def may_refund(pence: int) -> bool:
    global _edition
    name, version = till.clerk, directory.version
    seen, limits = _edition
    if seen != version:
        limits = {known: directory.limit(known) for known in limits}
        _edition = version, limits
    if name not in limits:
        if len(limits) >= MOST:
            limits.clear()
        limits[name] = directory.limit(name)
    return pence <= limits[name]
