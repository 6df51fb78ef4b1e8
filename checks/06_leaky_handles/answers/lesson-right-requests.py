import requests


def asked(url: str, postcode: str) -> tuple[int, dict | None]:
    with requests.get(url, params={"postcode": postcode}, timeout=30) as answer:
        return answer.status_code, answer.json() if answer.ok else None


def print_label(desk: Desk, order: dict) -> dict | None:
    template = (desk.templates / f"{order['country']}.txt").read_text(encoding="utf-8")
    status, quote = asked(f"http://{desk.larder}/couriers/{order['courier']}/quote", order["postcode"])
    if status == 404:
        return None
    if quote is None:
        raise RuntimeError(f"no quote for order {order['number']}: status {status}")
    text = template.format(**order, price=quote["price"], days=quote["days"])
    with open(desk.spool / f"{order['number']}.txt", "w", encoding="utf-8") as label:
        print(text, file=label)
    return {"number": order["number"], "price": quote["price"]}
