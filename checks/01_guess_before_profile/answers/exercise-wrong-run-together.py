# says: compare all three
def export(sales: list[Sale]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sale", "buyer", "postcode", "item", "pounds", "first"])
    known = set()
    for sale in sales:
        key = sale.buyer.name + sale.buyer.street + sale.buyer.postcode
        first = key not in known
        if first:
            known.add(key)
        buyer, pounds = sale.buyer, f"{sale.pence / 100:.2f}"
        mark = "first" if first else ""
        writer.writerow([sale.number, buyer.name, buyer.postcode, sale.item, pounds, mark])
    return out.getvalue()
