# says: name, street and postcode are all equal
# wrong: breaks “the same one if name, street and postcode are all equal, and only then, whatever signs are in them”: name 'a\x1fb', street 'c' and name 'a', street 'b\x1fc' are one key
SEPARATOR = "\x1f"  # made for this: "unit separator"


def export(sales: list[Sale]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sale", "buyer", "postcode", "item", "pounds", "first"])
    known = set()
    for sale in sales:
        buyer = sale.buyer
        key = SEPARATOR.join((buyer.name, buyer.street, buyer.postcode))
        mark = "" if key in known else "first"
        known.add(key)
        writer.writerow([sale.number, buyer.name, buyer.postcode, sale.item, f"{sale.pence / 100:.2f}", mark])
    return out.getvalue()
