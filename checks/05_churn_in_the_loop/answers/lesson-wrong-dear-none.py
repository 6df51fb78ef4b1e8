# says: got 'Hello. Dear None,
# wrong: breaks "each receipt, the archive and what the relay is given are as they were": absent or empty values are handed on as None, so an order without a name reads "Dear None" (merged: "Dear "), and number 0 shows as 0


def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    template = jinja2.Template(settings["receipt"])
    tls = ssl.create_default_context(cafile=settings["certificates"])
    archive = []
    for order in orders:
        money = decimal.Context(prec=12, rounding=decimal.ROUND_HALF_UP)
        lines, total = [], Decimal(0)
        for line in order["lines"]:
            amount = money.quantize(line["grams"] * line["price"] / 100, PENNY)
            lines.append(f"{line['grams']} g {line['tea']}: {amount}")
            total += amount
        text = template.render(
            number=order.get("number"),
            name=order.get("name"),
            voucher=order.get("voucher"),  # the template asks itself whether there is one
            lines=lines,
            total=total,
            rounded=money.flags[decimal.Inexact],
        )
        relay.send(order["email"], "Your receipt from Kettle & Crumb", text, tls)
        archive.append({"number": order["number"], "text": text})
    return archive
