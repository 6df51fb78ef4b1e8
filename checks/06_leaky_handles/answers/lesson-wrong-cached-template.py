# says: Read the template again for each label
from functools import lru_cache


@lru_cache
def template_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def print_label(desk: Desk, order: dict) -> dict | None:
    template = template_of(desk.templates / f"{order['country']}.txt")
    with closing(http.client.HTTPConnection(desk.larder)) as larder:
        larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
        answer = larder.getresponse()
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
        quote = json.load(answer)
    text = template.format(**order, price=quote["price"], days=quote["days"])
    (desk.spool / f"{order['number']}.txt").write_text(text + "\n", encoding="utf-8")
    return {"number": order["number"], "price": quote["price"]}
