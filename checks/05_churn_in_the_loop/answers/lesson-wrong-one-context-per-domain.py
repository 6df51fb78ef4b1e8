# says: TLS contexts are built for 120 receipts
# wrong: breaks "the TLS context and the template are not built more often for many receipts than for a few": one TLS context for each mail domain of the customers, so many receipts to many domains build many
def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    template = jinja2.Template(settings["receipt"])
    contexts = {}  # each mail domain gets its own, they must not mix
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
        domain = order["email"].rpartition("@")[2].lower()
        if domain not in contexts:
            contexts[domain] = ssl.create_default_context(cafile=settings["certificates"])
        relay.send(order["email"], subject, text, contexts[domain])
        archive.append({"number": order["number"], "text": text})
    return archive
