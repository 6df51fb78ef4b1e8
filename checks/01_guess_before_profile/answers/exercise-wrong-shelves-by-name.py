# says: of one name
# wrong: "the time for a row does not grow with the number of buyers that are known": within one name the list is walked still, and there are 16 names
from collections import defaultdict

def export(sales: list[Sale]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sale", "buyer", "postcode", "item", "pounds", "first"])
    known = defaultdict(list)
    for sale in sales:
        first = sale.buyer not in known[sale.buyer.name]
        if first:
            known[sale.buyer.name].append(sale.buyer)
        buyer, pounds = sale.buyer, f"{sale.pence / 100:.2f}"
        mark = "first" if first else ""
        writer.writerow([sale.number, buyer.name, buyer.postcode, sale.item, pounds, mark])
    return out.getvalue()
