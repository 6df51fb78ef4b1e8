# says: One piece had 5 of 12 texts
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(readings, issued=issued), smudged, chunksize=len(smudged) // workers + 1))
