# says: or what is left of it, is copied
# wrong: each piece of two kilobytes copies all the rest of the tape (4 GB for the tape of the day): few native calls, yet "far more steps than the question needs, in whatever language"


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
    crc = 0
    while tape:
        crc = zlib.crc32(tape[:2048], crc)
        tape = tape[2048:]
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
