# says: In which order do your pieces come back
from math import ceil


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    # the heaviest texts first, so that no worker is left with a long one at the end
    order = sorted(range(len(smudged)), key=lambda place: -smudged[place].count("?"))
    heaviest_first = [smudged[place] for place in order]
    size = max(1, ceil(len(smudged) / (4 * workers)))
    with ProcessPoolExecutor(workers) as pool:
        found = list(pool.map(partial(readings, issued=issued), heaviest_first, chunksize=size))
    return [found[place] for place in order]
