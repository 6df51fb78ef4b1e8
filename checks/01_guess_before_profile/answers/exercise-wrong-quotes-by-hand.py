# says: doubles those in it
# wrong: csv doubles a quotation mark, this does not
def quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


def export(sales: list[Sale]) -> str:
    rows, known = ["sale,buyer,postcode,item,pounds,first\r\n"], set()
    for sale in sales:
        buyer, mark = sale.buyer, ""
        if buyer not in known:
            known.add(buyer)
            mark = "first"
        parts = quoted(buyer.name), quoted(buyer.postcode), quoted(sale.item)
        rows.append(f"{sale.number},{','.join(parts)},{sale.pence / 100:.2f},{mark}\r\n")
    return "".join(rows)
