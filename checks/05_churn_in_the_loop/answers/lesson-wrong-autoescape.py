# says: got 'Dear Ada &amp;
# wrong: autoescape makes &amp; of the & in a tea or a name: "each receipt, the archive and what the relay is given are as they were"
def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    environment = jinja2.Environment(autoescape=True)
    template = environment.from_string(settings["receipt"])
    tls = ssl.create_default_context(cafile=settings["certificates"])
    archive = []
    for order in orders:
        subject = "Your receipt from Kettle & Crumb"
        wanted = ("number", "name", "voucher")
        values = {"lines": [], "total": Decimal(0)}
        money = decimal.Context(prec=12, rounding=decimal.ROUND_HALF_UP)

        values.update({name: order[name] for name in wanted if order.get(name)})
        for line in order["lines"]:
            amount = money.quantize(line["grams"] * line["price"] / 100, PENNY)
            values["lines"].append(f"{line['grams']} g {line['tea']}: {amount}")
            values["total"] += amount
        values["rounded"] = money.flags[decimal.Inexact]

        text = template.render(values)
        relay.send(order["email"], subject, text, tls)
        archive.append({"number": order["number"], "text": text})
    return archive
