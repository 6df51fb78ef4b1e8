# says: texts make one piece
# wrong: rounds down: 127 texts, 4 workers make pieces of 3, 43 of them; breaks 'pieces are fair, however many texts there are: no more than eight for each worker'
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    size = max(1, len(smudged) // (8 * workers))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(readings, issued=issued), smudged, chunksize=size))
