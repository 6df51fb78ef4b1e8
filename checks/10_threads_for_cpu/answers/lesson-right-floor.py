# right: eight pieces for each worker, and one more where that does not divide evenly
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    size = max(1, len(smudged) // (8 * workers))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(readings, issued=issued), smudged, chunksize=size))
