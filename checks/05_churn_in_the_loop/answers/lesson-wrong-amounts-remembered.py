# says: an amount that is remembered raises none
# wrong: breaks "each receipt, the archive and what the relay is given are as they were": amounts are remembered by grams and price, so the second receipt with the same rounded line (another order, far apart) no longer says that it was rounded
def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    template = jinja2.Template(settings["receipt"])
    tls = ssl.create_default_context(cafile=settings["certificates"])
    archive, amounts = [], {}
    for order in orders:
        subject = "Your receipt from Kettle & Crumb"
        wanted = ("number", "name", "voucher")
        values = {"lines": [], "total": Decimal(0)}
        money = decimal.Context(prec=12, rounding=decimal.ROUND_HALF_UP)

        values.update({name: order[name] for name in wanted if order.get(name)})
        for line in order["lines"]:
            key = line["grams"], line["price"]
            if key not in amounts:  # the same few teas, again and again
                amounts[key] = money.quantize(line["grams"] * line["price"] / 100, PENNY)
            amount = amounts[key]
            values["lines"].append(f"{line['grams']} g {line['tea']}: {amount}")
            values["total"] += amount
        values["rounded"] = money.flags[decimal.Inexact]

        text = template.render(values)
        relay.send(order["email"], subject, text, tls)
        archive.append({"number": order["number"], "text": text})
    return archive
