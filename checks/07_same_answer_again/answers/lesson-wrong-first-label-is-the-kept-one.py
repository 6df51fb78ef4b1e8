# says: hands out one thing to all
# wrong: later labels are copies, but the first one of a district is the kept dictionary itself; what is written into it (a parcel's number, other rings) shows in all later ones; breaks "each label is a dictionary of its own, into which the run writes"
_sheets: dict[str, dict] = {}


def rings_out(square: int) -> int:
    """Count the rings between the depot and a square of the spiral."""
    ring, last = 0, 1  # the last square of the ring
    while last < square:
        ring += 1
        last += 8 * ring
    return ring


def label(postcode: str) -> dict:
    district, *_ = postcode.upper().split()
    if district in _sheets:
        sheet = _sheets[district].copy()
    else:
        sheet = {"district": district, "rings": rings_out(squares[district])}
        if len(_sheets) >= 64:
            _sheets.clear()
        _sheets[district] = sheet
    sheet["pence"] = tariff.price(sheet["rings"], clock.today())
    return sheet
