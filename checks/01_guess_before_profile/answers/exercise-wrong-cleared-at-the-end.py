# says: Each export begins anew
# wrong: breaks “each export begins anew”: the shared set is cleared only when an export comes to its end; after one that failed in the middle (a sale with pence None), its buyers are not marked in the next
known: set[Buyer] = set()


def is_first(buyer: Buyer) -> bool:
    if buyer in known:
        return False
    known.add(buyer)
    return True


def export(sales: list[Sale]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sale", "buyer", "postcode", "item", "pounds", "first"])
    for sale in sales:
        buyer = sale.buyer
        mark = "first" if is_first(buyer) else ""
        writer.writerow([sale.number, buyer.name, buyer.postcode, sale.item, f"{sale.pence / 100:.2f}", mark])
    known.clear()  # the next export begins anew
    return out.getvalue()
