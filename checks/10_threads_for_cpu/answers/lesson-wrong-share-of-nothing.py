# says: When there are no texts
from math import ceil


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    share = ceil(len(smudged) / (4 * workers))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(readings, issued=issued), smudged, chunksize=share))
