# says: Each postcode that was not typed before leaves
# wrong: the answers have a bound, but the list of all questions, kept to count the hits, grows with each label; breaks "the run goes on for months: what you keep needs a bound"
_known: dict[int, int] = {}
asked: list[int] = []  # len(asked) beside len(set(asked)) tells the hits


def rings_out(square: int) -> int:
    """Count the rings between the depot and a square of the spiral."""
    asked.append(square)
    if square not in _known:
        ring, last = 0, 1
        while last < square:
            ring += 1
            last += 8 * ring
        if len(_known) >= 64:
            del _known[next(iter(_known))]
        _known[square] = ring
    return _known[square]


def hits() -> int:
    return len(asked) - len(set(asked))


def label(postcode: str) -> dict:
    district, *_ = postcode.upper().split()
    rings = rings_out(squares[district])
    return {"district": district, "rings": rings, "pence": tariff.price(rings, clock.today())}
