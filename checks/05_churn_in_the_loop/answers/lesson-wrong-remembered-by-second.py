# says: the certificates that the file held before
import os
from functools import lru_cache


@lru_cache(maxsize=4)
def trusted(certificates: str, changed: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificates)


def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    archive = []
    template = jinja2.Template(settings["receipt"])
    certificates = settings["certificates"]
    tls = trusted(certificates, int(os.path.getmtime(certificates)))
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
