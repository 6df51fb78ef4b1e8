# says: with next to nothing each time
# wrong: crc32 of 64 bytes at a time: 'a native function that could take everything at once is called for each piece' still
import math


def used_twice(codes: list[str]) -> list[str]:
    seen, again = set(), []
    for code in codes:
        if code in seen:
            again.append(code)
        seen.add(code)
    return again


def seal(tape: bytes) -> int:
    crc = 0
    view = memoryview(tape)
    for start in range(0, len(tape), 64):
        crc = zlib.crc32(view[start : start + 64], crc)
    return crc


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
