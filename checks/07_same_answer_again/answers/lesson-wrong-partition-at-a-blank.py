# says: a tab stands in a postcode
# wrong: partition(" ") knows only blanks: "KC1\t4AL" is now a KeyError, and an empty postcode a KeyError in place of ValueError; breaks "a label says what it said before, for every spelling of a postcode" and "is an error, as it is now"
@functools.lru_cache(maxsize=64)
def rings_to(district: str) -> int:
    return rings_out(squares[district])


def rings_out(square: int) -> int:
    """Count the rings between the depot and a square of the spiral."""
    ring, last = 0, 1  # the last square of the ring
    while last < square:
        ring += 1
        last += 8 * ring
    return ring


def label(postcode: str) -> dict:
    district = postcode.strip().upper().partition(" ")[0]  # no list of words for the first of them
    rings = rings_to(district)
    return {"district": district, "rings": rings, "pence": tariff.price(rings, clock.today())}
