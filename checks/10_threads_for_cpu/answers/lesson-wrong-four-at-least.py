# says: One piece had 4 of 12 texts
from math import ceil

LEAST = 4  # below, the ledger costs more than the texts


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    size = max(LEAST, ceil(len(smudged) / (4 * workers)))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(readings, issued=issued), smudged, chunksize=size))
