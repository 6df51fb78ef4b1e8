# says: write into the same object
# wrong: breaks “each export begins anew: whoever bought something in the last one is marked in this one again”: one Exporter with its set and text for all; right one after the other, but a second export in another thread empties and fills those of the first
class Exporter:
    def __init__(self) -> None:
        self.known: set[Buyer] = set()
        self.out = io.StringIO()
        self.writer = csv.writer(self.out)

    def begin(self) -> None:
        self.known.clear()
        self.out.seek(0)
        self.out.truncate()
        self.writer.writerow(["sale", "buyer", "postcode", "item", "pounds", "first"])

    def write(self, sale: Sale) -> None:
        buyer = sale.buyer
        mark = "" if buyer in self.known else "first"
        self.known.add(buyer)
        self.writer.writerow([sale.number, buyer.name, buyer.postcode, sale.item, f"{sale.pence / 100:.2f}", mark])


exporter = Exporter()


def export(sales: list[Sale]) -> str:
    exporter.begin()
    for sale in sales:
        exporter.write(sale)
    return exporter.out.getvalue()
