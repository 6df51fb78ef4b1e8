# says: another product cannot be read
@lru_cache(maxsize=1)
def price_list() -> dict[str, float]:
    return {code: catalogue.price(code) for code in PRODUCTS}


def price_tag(code: str) -> str:
    return f"{price_list()[code] * RATES[currency.get()]:.2f} {currency.get()}"
