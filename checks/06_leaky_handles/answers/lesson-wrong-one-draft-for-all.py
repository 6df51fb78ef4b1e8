# says: somebody else prints the same order just before its label is written or renamed, there was an
# wrong: “two people print at one desk at the same time, it may be the same order: neither disturbs the other”: both write the same draft N.tmp, the second replace finds none
import os


def print_label(desk: Desk, order: dict) -> dict | None:
    with open(desk.templates / f"{order['country']}.txt", encoding="utf-8") as template, closing(http.client.HTTPConnection(desk.larder)) as larder:
        larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
        with closing(larder.getresponse()) as answer:
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
            quote = json.load(answer)
        text = template.read().format(**order, price=quote["price"], days=quote["days"])
    draft = desk.spool / f"{order['number']}.tmp"
    try:
        with open(draft, "w", encoding="utf-8") as label:
            print(text, file=label)
        os.replace(draft, desk.spool / f"{order['number']}.txt")
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return {"number": order["number"], "price": quote["price"]}
