# says: The run has written into an earlier label
# wrong: later labels are copies, but the first one of a district is the kept dictionary itself
_sheets: dict[str, dict] = {}


def kilometres(district: str) -> int:
    """Add up the legs of the road from the depot to a district."""
    total = 0.0
    for here, there in itertools.pairwise(ROUTES[district]):
        total += leg(here, there)
    return round(total)


def label(postcode: str) -> dict:
    district, *_ = postcode.upper().split()
    if district in _sheets:
        sheet = _sheets[district].copy()
    else:
        sheet = {"district": district, "km": kilometres(district)}
        if len(_sheets) >= 64:
            _sheets.clear()
        _sheets[district] = sheet
    sheet["pence"] = tariff.price(sheet["km"], clock.today())
    return sheet
