# says: ask in a function of its own
import requests


def print_label(desk: Desk, order: dict) -> dict | None:

    with open(desk.templates / f"{order['country']}.txt", encoding="utf-8") as file:
        template = file.read()
    url = f"http://{desk.larder}/couriers/{order['courier']}/quote"
    with requests.get(url, params={"postcode": order["postcode"]}, timeout=30) as answer:
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise RuntimeError(f"no quote for order {order['number']}: status {answer.status_code}")
        quote = answer.json()
    text = template.format(**order, price=quote["price"], days=quote["days"])
    with open(desk.spool / f"{order['number']}.txt", "w", encoding="utf-8") as label:
        print(text, file=label)
    return {"number": order["number"], "price": quote["price"]}
