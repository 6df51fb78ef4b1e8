# says: got a context that trusts 2 certificates
# wrong: lru_cache by the path of the file, whose content Tomasz changes: "Tomasz keeps the file of the certificates ... They change them between two runs", "a run uses the settings as they are when it begins"
from functools import lru_cache


@lru_cache
def template_for(source):
    return jinja2.Template(source)


@lru_cache
def tls_for(cafile):
    return ssl.create_default_context(cafile=cafile)


def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    template = template_for(settings["receipt"])
    tls = tls_for(settings["certificates"])
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
