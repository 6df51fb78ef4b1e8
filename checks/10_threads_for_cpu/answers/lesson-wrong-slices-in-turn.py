# says: at most 1 piece
from math import ceil


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    size = ceil(len(smudged) / workers) or 1
    found: list[list[str]] = []
    with ProcessPoolExecutor(workers) as pool:
        for start in range(0, len(smudged), size):
            found += pool.submit(readings_of_all, smudged[start : start + size], issued).result()
    return found
