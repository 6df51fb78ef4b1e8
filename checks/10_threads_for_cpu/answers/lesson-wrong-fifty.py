# says: Make at least one piece for each worker
# because: "One piece for everything would be the other mistake": fifty was good for two hundred texts; the ticket's twenty-four are one piece, and one worker gets it
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(readings, issued=issued), smudged, chunksize=50))
