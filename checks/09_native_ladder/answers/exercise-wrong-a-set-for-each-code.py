# says: each code meets all those before it
def used_twice(codes: list[str]) -> list[str]:
    return [code for n, code in enumerate(codes) if code in set(codes[:n])]


def seal(tape: bytes) -> int:
    return zlib.crc32(tape)


def worth(pence: np.ndarray, stock: np.ndarray) -> int:
    return int(pence @ stock)


rung = {"used_twice": "algorithm", "seal": "one call", "worth": "arrays"}
rung |= {"fingerprint": "leave", "balances": "native"}
