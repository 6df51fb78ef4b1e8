# says: your code raised FileNotFoundError
# wrong: "two people print at one desk at the same time: neither disturbs the other": both who print the same order again write to the same N.part; the second one's replace (or unlink) finds it gone and raises FileNotFoundError
import os


def print_label(desk: Desk, order: dict) -> dict | None:
    with (
        open(desk.templates / f"{order['country']}.txt", encoding="utf-8") as template,
        closing(http.client.HTTPConnection(desk.larder)) as larder,
    ):
        part = desk.spool.parent / f"{order['number']}.part"
        with open(part, "w", encoding="utf-8") as label:
            try:
                larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
                with larder.getresponse() as answer:
                    if answer.status == 404:
                        os.unlink(part)
                        return None
                    if answer.status != 200:
                        raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
                    quote = json.load(answer)
                print(template.read().format(**order, price=quote["price"], days=quote["days"]), file=label)
            except BaseException:
                os.unlink(part)
                raise
    os.replace(part, desk.spool / f"{order['number']}.txt")  # whole, or not at all
    return {"number": order["number"], "price": quote["price"]}
