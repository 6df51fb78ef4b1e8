# says: compare all three
# wrong: the same text may be cut into fields in two ways
def export(sales: list[Sale]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sale", "buyer", "postcode", "item", "pounds", "first"])
    known = set()
    for sale in sales:
        buyer = sale.buyer
        key = f"{buyer.name} {buyer.street} {buyer.postcode}"
        first = key not in known
        if first:
            known.add(key)
        pounds = f"{sale.pence / 100:.2f}"
        mark = "first" if first else ""
        writer.writerow([sale.number, buyer.name, buyer.postcode, sale.item, pounds, mark])
    return out.getvalue()
