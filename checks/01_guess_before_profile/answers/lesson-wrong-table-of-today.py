# says: not one of today's products
# wrong: only the codes of today's 240 products are in the dictionary; another code may come tomorrow
percents = {
    product.code: band.percent
    for product in products
    for band in tax_bands
    if band.first <= product.code <= band.last
}


def build_receipt(number: int, lines: list[tuple[Product, int]]) -> str:
    printed, total, taxes = [f"Order {number}"], 0, 0
    for product, quantity in lines:
        name, *more = wrapped(product.name)
        pence = quantity * product.pence
        percent = percents[product.code]
        printed += [f"{name:24}{percent:3}%{pounds(pence):>11}", *more]
        total += pence
        taxes += tax(pence, percent)
    printed += [f"{'Total':28}{pounds(total):>11}", f"{'Tax in it':28}{pounds(taxes):>11}"]
    return "\n".join([*printed, seal(printed)])
