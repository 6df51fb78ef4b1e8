# says: searched by this very process
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    if len(smudged) < 32:
        return readings_of_all(smudged, issued)
    with ProcessPoolExecutor(workers) as pool:
        return list(
            pool.map(
                partial(readings, issued=issued), smudged, chunksize=max(1, len(smudged) // (4 * workers))
            )
        )
