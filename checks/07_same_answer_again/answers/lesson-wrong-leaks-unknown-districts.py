# says: Each district that does not exist
# wrong: districts that do not exist are remembered in a set without a bound
def rings_out(square: int) -> int:
    """Count the rings between the depot and a square of the spiral."""
    ring, last = 0, 1  # the last square of the ring
    while last < square:
        ring += 1
        last += 8 * ring
    return ring


RINGS = {district: rings_out(square) for district, square in squares.items()}
no_such_district = set()


def label(postcode: str) -> dict:
    district, *_ = postcode.upper().split()
    if district in no_such_district:
        raise KeyError(district)
    try:
        rings = RINGS[district]
    except KeyError:
        no_such_district.add(district)  # next time we know at once
        raise
    return {"district": district, "rings": rings, "pence": tariff.price(rings, clock.today())}
