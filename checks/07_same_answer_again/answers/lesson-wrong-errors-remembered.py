# says: Each district that does not exist leaves
# every bad postcode is kept as typed, so that its error comes quickly, and it grows without a bound
@functools.lru_cache(maxsize=64)
def rings_out(square: int) -> int:
    """Count the rings between the depot and a square of the spiral."""
    ring, last = 0, 1  # the last square of the ring
    while last < square:
        ring += 1
        last += 8 * ring
    return ring


_bad: set[str] = set()


def label(postcode: str) -> dict:
    if postcode in _bad:
        raise KeyError(postcode)
    district, *_ = postcode.upper().split()
    try:
        rings = rings_out(squares[district])
    except KeyError:
        _bad.add(postcode)
        raise
    return {"district": district, "rings": rings, "pence": tariff.price(rings, clock.today())}
