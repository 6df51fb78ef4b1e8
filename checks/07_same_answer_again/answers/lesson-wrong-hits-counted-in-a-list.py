# says: Each new postcode leaves
# wrong: the answers have a bound, but the list of all questions, kept to count the hits, grows with each label
_known: dict[str, int] = {}
asked: list[str] = []  # len(asked) beside len(set(asked)) tells the hits


def measure(district: str) -> int:
    """Add up the legs of the road from the depot to a district."""
    total = 0.0
    for here, there in itertools.pairwise(ROUTES[district]):
        total += leg(here, there)
    return round(total)


def kilometres(district: str) -> int:
    asked.append(district)
    if district not in _known:
        if len(_known) >= 64:
            del _known[next(iter(_known))]
        _known[district] = measure(district)
    return _known[district]


def label(postcode: str) -> dict:
    district, *_ = postcode.upper().split()
    km = kilometres(district)
    return {"district": district, "km": km, "pence": tariff.price(km, clock.today())}
