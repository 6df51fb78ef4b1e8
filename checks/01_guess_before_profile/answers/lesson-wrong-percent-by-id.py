# says: may get the address
# wrong: breaks “each receipt is the same text as before, to the penny” and “a receipt shows what it is given”: remembered by id(product); once a product is thrown away (an order read in anew), another one at the same address gets its percent
def find_tax_band(code: int) -> TaxBand:
    for band in tax_bands:
        if band.first <= code <= band.last:
            return band
    raise LookupError(f"The tax table has no row for {code}.")


def pounds(pence: int) -> str:
    return f"£{Decimal(pence) / 100:,.2f}"


percent_of_product: dict[int, int] = {}  # by identity: no hashing of three fields for each line


def percent_for(product: Product) -> int:
    key = id(product)
    if key not in percent_of_product:
        percent_of_product[key] = find_tax_band(product.code).percent
    return percent_of_product[key]


def build_receipt(number: int, lines: list[tuple[Product, int]]) -> str:
    printed, total, taxes = [f"Order {number}"], 0, 0
    for product, quantity in lines:
        name, *more = wrapped(product.name)
        pence = quantity * product.pence
        percent = percent_for(product)
        printed += [f"{name:24}{percent:3}%{pounds(pence):>11}", *more]
        total += pence
        taxes += tax(pence, percent)
    printed += [f"{'Total':28}{pounds(total):>11}", f"{'Tax in it':28}{pounds(taxes):>11}"]
    return "\n".join([*printed, seal(printed)])
