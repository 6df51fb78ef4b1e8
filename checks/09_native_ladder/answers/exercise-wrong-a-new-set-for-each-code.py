# says: 16 times as many codes take
# wrong: each step copies the set of all codes before, hashed but never compared, so the time still grows with the square: "it takes far more steps than the question needs, in whatever language"


import math
from itertools import accumulate


def used_twice(codes: list[str]) -> list[str]:
    before = accumulate(codes, lambda seen, code: seen | {code}, initial=frozenset())
    return [code for code, seen in zip(codes, before) if code in seen]  # nothing is changed anywhere


def seal(tape: bytes) -> int:
    return zlib.crc32(tape)


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
