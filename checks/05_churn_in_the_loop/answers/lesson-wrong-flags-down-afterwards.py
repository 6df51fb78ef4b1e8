# says: What did the run that failed leave behind?
# wrong: breaks "nothing of one customer shows in another one's receipt": the Decimal context of the thread lives on, its flags are taken down after the sending; when the relay refuses a rounded receipt, the first receipt of the next run says rounded too
import threading

_mine = threading.local()


def _money() -> decimal.Context:
    try:
        return _mine.money
    except AttributeError:
        _mine.money = decimal.Context(prec=12, rounding=decimal.ROUND_HALF_UP)
        return _mine.money


def send_receipts(orders: list[dict], relay: Relay) -> list[dict]:
    template = jinja2.Template(settings["receipt"])
    tls = ssl.create_default_context(cafile=settings["certificates"])
    money = _money()  # one for each thread: they cannot disturb each other
    archive = []
    for order in orders:
        values = {"lines": [], "total": Decimal(0)}
        values.update({name: order[name] for name in ("number", "name", "voucher") if order.get(name)})
        for line in order["lines"]:
            amount = money.quantize(line["grams"] * line["price"] / 100, PENNY)
            values["lines"].append(f"{line['grams']} g {line['tea']}: {amount}")
            values["total"] += amount
        values["rounded"] = money.flags[decimal.Inexact]
        text = template.render(values)
        relay.send(order["email"], "Your receipt from Kettle & Crumb", text, tls)
        archive.append({"number": order["number"], "text": text})
        money.clear_flags()  # clean for the next customer
    return archive
