# says: was the answer to an earlier call
from math import ceil

known: dict[str, list[str]] = {}


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    new = [text for text in smudged if text not in known]
    size = ceil(len(new) / (4 * workers)) or 1
    with ProcessPoolExecutor(workers) as pool:
        known.update(zip(new, pool.map(partial(readings, issued=issued), new, chunksize=size), strict=True))
    return [list(known[text]) for text in smudged]
