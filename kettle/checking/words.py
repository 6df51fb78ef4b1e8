"""Words that sentences of several checks need."""


def many(number: int, noun: str, nouns: str = "") -> str:
    """Write a number with its noun: `1 call`, `3,400 calls`, `2 processes`."""
    plural = nouns or (f"{noun}es" if noun.endswith("s") else f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"
