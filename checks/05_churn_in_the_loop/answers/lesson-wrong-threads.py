# says: nothing goes out after the one that was refused
from concurrent.futures import ThreadPoolExecutor


def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    template = jinja2.Template(settings["receipt"])
    tls = ssl.create_default_context(cafile=settings["certificates"])

    def one(order):
        values = {"lines": [], "total": Decimal(0)}
        money = decimal.Context(prec=12, rounding=decimal.ROUND_HALF_UP)
        values.update({name: order[name] for name in ("number", "name", "voucher") if order.get(name)})
        for line in order["lines"]:
            amount = money.quantize(line["grams"] * line["price"] / 100, PENNY)
            values["lines"].append(f"{line['grams']} g {line['tea']}: {amount}")
            values["total"] += amount
        values["rounded"] = money.flags[decimal.Inexact]
        text = template.render(values)
        relay.send(order["email"], "Your receipt from Kettle & Crumb", text, tls)
        return {"number": order["number"], "text": text}

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, orders))
