# a stated bound larger than all postcodes of a night is a bound
@functools.lru_cache(maxsize=10_000)
def kilometres(district: str) -> int:
    """Add up the legs of the road from the depot to a district."""
    total = 0.0
    for here, there in itertools.pairwise(ROUTES[district]):
        total += leg(here, there)
    return round(total)


@functools.lru_cache(maxsize=10_000)
def district_of(postcode):
    return postcode.upper().split()[0]


def label(postcode: str) -> dict:
    district = district_of(postcode)
    km = kilometres(district)
    return {"district": district, "km": km, "pence": tariff.price(km, clock.today())}
