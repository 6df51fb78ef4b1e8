from collections import Counter


def used_twice(codes: list[str]) -> list[str]:
    times, found = Counter(), []
    for code in codes:
        times[code] += 1
        if times[code] > 1:
            found.append(code)
    return found


def seal(tape: bytes) -> int:
    return zlib.crc32(tape, 0) & 0xFFFFFFFF


def worth(pence: np.ndarray, stock: np.ndarray) -> int:
    if len(pence) != len(stock):
        raise ValueError(f"{len(pence)} prices, but {len(stock)} numbers")
    if len(pence) == 0:
        return 0
    dearest = max(abs(int(pence.max())), abs(int(pence.min())))
    most = max(abs(int(stock.max())), abs(int(stock.min())))
    if dearest * most * len(pence) < 2**63:
        return int(pence.astype(np.int64) @ stock.astype(np.int64))
    return sum(int(price) * int(number) for price, number in zip(pence, stock, strict=True))


rung = {
    "used_twice": "algorithm",
    "seal": "one call",
    "worth": "arrays",
    "fingerprint": "leave",
    "balances": "native",
}
