# says: Keep one set, and add to it
def used_twice(codes: list[str]) -> list[str]:
    seen, again = frozenset(), []
    for code in codes:
        if code in seen:
            again.append(code)
        seen = seen | {code}
    return again


def seal(tape: bytes) -> int:
    return zlib.crc32(tape)


def worth(pence: np.ndarray, stock: np.ndarray) -> int:
    return int(pence @ stock)


rung = {"used_twice": "algorithm", "seal": "one call", "worth": "arrays"}
rung |= {"fingerprint": "leave", "balances": "native"}
