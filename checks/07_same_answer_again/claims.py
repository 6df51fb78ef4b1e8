"""Claims that lesson 07 answers for and does not ask about."""

import functools

PRICES = {("ada", "tea"): 300, ("ben", "tea"): 250}


def by_tea_alone() -> str:
    """Cache a personal price under a key that leaves out the person; count hits and wrong answers."""
    who = "ada"

    @functools.lru_cache(maxsize=64)
    def price(what: str) -> int:
        return PRICES[who, what]

    wrong = 0
    for turn in range(100):
        who = ("ada", "ben")[turn % 2]
        wrong += price("tea") != PRICES[who, "tea"]
    hits = price.cache_info().hits
    return f"A key without the customer: {hits} of 100 found again, {wrong} of 100 wrong."


def recomputed() -> str:
    """Call a function with equal and with different arguments; count what a cache could spare."""
    asked = functools.cache(lambda number: number**2)
    for number in (*range(50), *[7] * 50):
        asked(number)
    return f"Of 100 calls, {asked.cache_info().hits} could have been spared: they repeat a question."


MEASURES = {
    "waste": recomputed,
    "hit_rate": by_tea_alone,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
