# says: when clerks take turns
# wrong: room for four clerks, and eight take turns: each of them is asked for again
@functools.lru_cache(maxsize=4)
def limit_of(name: str, version: int) -> int:
    return directory.limit(name)


def may_refund(pence: int) -> bool:
    clerk = till.clerk
    return pence <= limit_of(clerk, directory.version)
