# right: `label` is an object with a cache of its own, and has no code that could be looked at
class Labels:
    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def __call__(self, postcode: str) -> dict:
        district, *_ = postcode.upper().split()
        if district not in self.known:
            if len(self.known) >= 64:
                self.known.clear()
            self.known[district] = kilometres(district)
        km = self.known[district]
        return {"district": district, "km": km, "pence": tariff.price(km, clock.today())}


def kilometres(district: str) -> int:
    """Add up the legs of the road from the depot to a district."""
    total = 0.0
    for here, there in itertools.pairwise(ROUTES[district]):
        total += leg(here, there)
    return round(total)


label = Labels()
