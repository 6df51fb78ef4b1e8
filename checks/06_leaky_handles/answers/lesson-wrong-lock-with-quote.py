# says: does not end before the first one goes on
# wrong: "nor waits for more than the writing": the lock is held while the larder is asked, whatever is looked up before
import threading
LOCK = threading.Lock()
def print_label(desk: Desk, order: dict) -> dict | None:
    number, path = order["number"], f"/couriers/{order['courier']}/quote?postcode={order['postcode']}"
    country, order = order["country"], dict(order)
    with LOCK, open(desk.templates / f"{country}.txt", encoding="utf-8") as template, closing(http.client.HTTPConnection(desk.larder)) as larder:
        larder.request("GET", path)
        with closing(larder.getresponse()) as answer:
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise RuntimeError(f"no quote for order {number}: status {answer.status}")
            quote = json.load(answer)
        text = template.read().format(**order, price=quote["price"], days=quote["days"])
        with open(desk.spool / f"{number}.txt", "w", encoding="utf-8") as label:
            print(text, file=label)
    return {"number": number, "price": quote["price"]}
