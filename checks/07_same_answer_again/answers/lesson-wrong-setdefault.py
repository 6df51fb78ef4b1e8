# says: is worked out before
# wrong: the argument of setdefault is worked out before anything is looked up
_known: dict[str, int] = {}


def kilometres(district: str) -> int:
    """Add up the legs of the road from the depot to a district."""
    total = 0.0
    for here, there in itertools.pairwise(ROUTES[district]):
        total += leg(here, there)
    return round(total)


def label(postcode: str) -> dict:
    district, *_ = postcode.upper().split()
    km = _known.setdefault(district, kilometres(district))
    return {"district": district, "km": km, "pence": tariff.price(km, clock.today())}
