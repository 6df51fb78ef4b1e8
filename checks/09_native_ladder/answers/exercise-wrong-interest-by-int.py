# says: `balances` is called: days of all kinds pass
# wrong: int() cuts towards zero where // rounds down: paid [-15000, 0] at 90 owes -1 of interest less; "also negative ones, ... to the penny"
import math


def used_twice(codes: list[str]) -> list[str]:
    seen, twice = set(), []
    for code in codes:
        if code in seen:
            twice.append(code)
        seen.add(code)
    return twice


def seal(tape: bytes) -> int:
    return zlib.crc32(tape)


def worth(pence: np.ndarray, stock: np.ndarray) -> int:
    return int(np.dot(pence, stock))


def distance(here: tuple[float, float], there: tuple[float, float]) -> float:
    return math.dist(here, there)


def balances(paid: list[int], rate: int) -> list[int]:
    balance, found, daily = 0, [], rate / 1_000_000
    for pence in paid:
        balance += int(balance * daily) + pence
        found.append(balance)
    return found


rung = {
    "used_twice": "algorithm",
    "seal": "one call",
    "worth": "arrays",
    "distance": "plain",
    "fingerprint": "leave",
    "balances": "native",
}
