# says: and nothing is left over
# wrong: a tape of exactly 4,096 or 8,192 bytes: tape[-0:] is the whole tape, sealed twice: seal must "return the same numbers and texts as before"


import math


def used_twice(codes: list[str]) -> list[str]:
    seen: set[str] = set()
    again = []
    for code in codes:
        if code in seen:
            again.append(code)
        else:
            seen.add(code)
    return again


def seal(tape: bytes) -> int:
    size, view, crc = 4096, memoryview(tape), 0
    for start in range(0, len(view) - size + 1, size):
        crc = zlib.crc32(view[start : start + size], crc)
    return zlib.crc32(view[-(len(view) % size) :], crc)  # what is left over


def worth(pence: np.ndarray, stock: np.ndarray) -> int:
    return int(np.dot(pence, stock))


def distance(here: tuple[float, float], there: tuple[float, float]) -> float:
    return math.dist(here, there)


rung = {
    "used_twice": "algorithm",
    "seal": "one call",
    "worth": "arrays",
    "distance": "plain",
    "fingerprint": "leave",
    "balances": "native",
}
