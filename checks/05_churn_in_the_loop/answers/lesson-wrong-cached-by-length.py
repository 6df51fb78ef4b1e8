# says: When is it built, and from what?
templates = {}


def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    text = settings["receipt"]
    template = templates.setdefault(len(text), None) or jinja2.Template(text)
    templates[len(text)] = template
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
