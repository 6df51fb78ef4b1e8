# says: that does not exist is asked for twice
# wrong: the place of an unknown district is put in before its square is looked up: the first label("XX1 1AA") fails, the second gives a label with 0 rings; breaks "a postcode of no district is an error, as it is now"
from collections import OrderedDict


@dataclass
class Place:
    district: str
    rings: int = 0


places: OrderedDict[str, Place] = OrderedDict()


def rings_out(square: int) -> int:
    """Count the rings between the depot and a square of the spiral."""
    ring, last = 0, 1  # the last square of the ring
    while last < square:
        ring += 1
        last += 8 * ring
    return ring


def place_of(district: str) -> Place:
    if district not in places:
        if len(places) >= 100:
            places.popitem(last=False)
        places[district] = Place(district)
        places[district].rings = rings_out(squares[district])
    return places[district]


def label(postcode: str) -> dict:
    district, *_ = postcode.upper().split()
    place = place_of(district)
    return {"district": place.district, "rings": place.rings, "pence": tariff.price(place.rings, clock.today())}
