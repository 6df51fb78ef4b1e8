# says: A corrected order keeps its number
# wrong: breaks “a receipt shows what it is given: an order may be corrected, and made again under its number”: kept by number, names and quantities, so a corrected price or code gives the old receipt
ends = [band.last for band in tax_bands]


def find_tax_band(code: int) -> TaxBand:
    index = bisect.bisect_left(ends, code)
    if index == len(ends) or code < tax_bands[index].first:
        raise LookupError(f"The tax table has no row for {code}.")
    return tax_bands[index]


def pounds(pence: int) -> str:
    return f"£{Decimal(pence) / 100:,.2f}"


def write_receipt(number: int, lines: list[tuple[Product, int]]) -> str:
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


finished: dict[tuple, str] = {}


def build_receipt(number: int, lines: list[tuple[Product, int]]) -> str:
    key = (number, *((product.name, quantity) for product, quantity in lines))
    if key not in finished:
        finished[key] = write_receipt(number, lines)
    return finished[key]
