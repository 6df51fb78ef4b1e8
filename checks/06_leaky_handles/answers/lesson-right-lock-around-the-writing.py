# right: the lock is held for the writing alone
import threading
LOCK = threading.Lock()
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
    with LOCK, open(desk.spool / f"{order['number']}.txt", "w", encoding="utf-8") as label:
        print(text, file=label)
    return {"number": order["number"], "price": quote["price"]}
