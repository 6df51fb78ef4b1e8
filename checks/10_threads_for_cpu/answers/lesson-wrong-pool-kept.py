# says: did not end with it
pools = {}


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    if workers not in pools:
        pools[workers] = ProcessPoolExecutor(workers)
    return list(pools[workers].map(partial(readings, issued=issued), smudged, chunksize=max(1, len(smudged) // (4 * workers))))
