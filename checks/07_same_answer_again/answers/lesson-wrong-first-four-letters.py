# says: another letter behind its name
# wrong: breaks "a postcode of no district is an error, as it is now": "KC400 1AA" and "KC12X 1AA" get the labels of KC40 and KC12
@functools.lru_cache(maxsize=64)
def rings_out(square: int) -> int:
    """Count the rings between the depot and a square of the spiral."""
    ring, last = 0, 1  # the last square of the ring
    while last < square:
        ring += 1
        last += 8 * ring
    return ring


def label(postcode: str) -> dict:
    district = postcode.strip()[:4].strip().upper()  # a district has at most four letters; no need to split
    rings = rings_out(squares[district])
    return {"district": district, "rings": rings, "pence": tariff.price(rings, clock.today())}
