# says: the picture is large
def used_twice(codes: list[str]) -> list[str]:
    seen, again = set(), []
    for code in codes:
        if code in seen:
            again.append(code)
        else:
            seen.add(code)
    return again


def seal(tape: bytes) -> int:
    return zlib.crc32(tape)


def worth(pence: np.ndarray, stock: np.ndarray) -> int:
    return int((pence * stock).sum())


def distance(here: tuple[float, float], there: tuple[float, float]) -> float:
    return ((there[0] - here[0]) ** 2 + (there[1] - here[1]) ** 2) ** 0.5


def fingerprint(picture: bytes) -> str:
    return hashlib.sha256(picture[:1_000_000]).hexdigest()


def balances(paid: list[int], rate: int) -> list[int]:
    """Return each day's balance: interest on that of the day before, rounded down to a penny."""
    balance, found = 0, []
    for pence in paid:
        balance += balance * rate // 1_000_000 + pence
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
