# says: the mark stands in the first row of a buyer
def export(sales: list[Sale]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sale", "buyer", "postcode", "item", "pounds", "first"])
    marks = {}
    for sale in reversed(sales):
        marks[sale.buyer] = sale.number
    for sale in sales:
        first = marks[sale.buyer] == sale.number
        buyer, pounds = sale.buyer, f"{sale.pence / 100:.2f}"
        mark = "first" if first else ""
        writer.writerow([sale.number, buyer.name, buyer.postcode, sale.item, pounds, mark])
    return out.getvalue()
