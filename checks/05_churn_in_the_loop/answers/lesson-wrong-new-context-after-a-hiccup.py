# says: the run went on. Where one receipt fails
# wrong: breaks "where one fails, the run ends with that error": on an OSError (ConnectionError, SMTPException, SSLError) a new TLS context is built and the receipt tried again; a relay that refuses once is passed over, and a customer may get two
def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    def connect():
        return ssl.create_default_context(cafile=settings["certificates"])

    template = jinja2.Template(settings["receipt"])
    tls = connect()
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
        try:
            relay.send(order["email"], subject, text, tls)
        except OSError:  # the shared context may have gone bad: once more with a new one
            tls = connect()
            relay.send(order["email"], subject, text, tls)
        archive.append({"number": order["number"], "text": text})
    return archive
