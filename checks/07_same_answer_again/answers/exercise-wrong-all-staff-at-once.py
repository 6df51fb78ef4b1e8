# says: a new clerk is given a limit
# wrong: a clerk who came later is in the directory, and not in staff
@functools.lru_cache(maxsize=1)
def all_limits(version: int) -> dict[str, int]:
    return {name: directory.limit(name) for name in directory.staff}


def may_refund(pence: int) -> bool:
    return pence <= all_limits(directory.version)[till.clerk]
