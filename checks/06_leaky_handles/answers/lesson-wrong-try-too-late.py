# says: When the connection breaks, 3 times
def print_label(desk: Desk, order: dict) -> dict | None:
    template = open(desk.templates / f"{order['country']}.txt", encoding="utf-8")
    larder = http.client.HTTPConnection(desk.larder)
    larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
    answer = larder.getresponse()
    try:
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
        quote = json.load(answer)
        text = template.read().format(**order, price=quote["price"], days=quote["days"])
        with open(desk.spool / f"{order['number']}.txt", "w", encoding="utf-8") as label:
            print(text, file=label)
        return {"number": order["number"], "price": quote["price"]}
    finally:
        larder.close()
        template.close()
