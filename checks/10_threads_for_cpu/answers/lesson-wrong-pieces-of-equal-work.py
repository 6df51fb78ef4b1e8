# says: whoever gets that piece works on
import heapq


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    # the classic: the heaviest job next, to the piece that has least to do
    count = min(len(smudged), 2 * workers)
    pieces: list[tuple[int, int, list[int]]] = [(0, number, []) for number in range(count)]
    for place in sorted(range(len(smudged)), key=lambda place: smudged[place].count("?"), reverse=True):
        load, number, places = heapq.heappop(pieces)
        places.append(place)
        heapq.heappush(pieces, (load + 10 ** smudged[place].count("?"), number, places))
    found: list[list[str]] = [[] for _ in smudged]
    with ProcessPoolExecutor(workers) as pool:
        sent = [
            (places, pool.submit(readings_of_all, [smudged[place] for place in places], issued))
            for _, _, places in sorted(pieces, reverse=True)
        ]
        for places, future in sent:
            for place, codes in zip(places, future.result(), strict=True):
                found[place] = codes
    return found
