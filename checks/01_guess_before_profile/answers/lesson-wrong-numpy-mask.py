# says: in C code
import numpy as np

firsts = np.array([band.first for band in tax_bands])
lasts = np.array([band.last for band in tax_bands])


def find_tax_band(code: int) -> TaxBand:
    found = np.flatnonzero((firsts <= code) & (code <= lasts))
    if not len(found):
        raise LookupError(f"The tax table has no row for {code}.")
    return tax_bands[found[0]]


def pounds(pence: int) -> str:
    return f"£{Decimal(pence) / 100:,.2f}"


def build_receipt(number: int, lines: list[tuple[Product, int]]) -> str:
    printed, total, taxes = [f"Order {number}"], 0, 0
    for product, quantity in lines:
        name, *more = wrapped(product.name)
        pence = quantity * product.pence
        percent = find_tax_band(product.code).percent
        printed += [f"{name:24}{percent:3}%{pounds(pence):>11}", *more]
        total += pence
        taxes += tax(pence, percent)
    printed += [f"{'Total':28}{pounds(total):>11}", f"{'Tax in it':28}{pounds(taxes):>11}"]
    return "\n".join([*printed, seal(printed)])
