@contextmanager
def quoted(host: str, path: str):
    larder = http.client.HTTPConnection(host)
    answer = None
    try:
        larder.request("GET", path)
        answer = larder.getresponse()
        yield answer
    finally:
        if answer is not None:
            answer.close()
        larder.close()


def print_label(desk: Desk, order: dict) -> dict | None:
    number = order["number"] if "number" in order else None
    with open(desk.templates / f"{order['country']}.txt", encoding="utf-8") as template:
        path = f"/couriers/{order['courier']}/quote?postcode={order['postcode']}"
        with quoted(desk.larder, path) as answer:
            match answer.status:
                case 200:
                    quote = json.load(answer)
                case 404:
                    return None
                case status:
                    raise RuntimeError(f"no quote for order {number}: status {status}")
        text = template.read().format(**order, price=quote["price"], days=quote["days"])
    with open(desk.spool / f"{order['number']}.txt", "w", encoding="utf-8") as label:
        label.write(f"{text}\n")
    return {"number": order["number"], "price": quote["price"]}
