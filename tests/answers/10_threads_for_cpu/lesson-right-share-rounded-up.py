# right: 17 texts for 8 workers make 6 pieces, and all of them are under way at once
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    with ProcessPoolExecutor(workers) as pool:
        return list(
            pool.map(partial(readings, issued=issued), smudged, chunksize=-(-len(smudged) // workers) or 1)
        )
