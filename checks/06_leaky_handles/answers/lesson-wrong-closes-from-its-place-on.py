# says: somebody else opens something
# wrong: closes all from its own place in the list on, and so what the other person opened meanwhile: "two people print at one desk at the same time: neither disturbs the other"
def print_label(desk: Desk, order: dict) -> dict | None:
    before = len(desk.opened)
    try:
        template = open(desk.templates / f"{order['country']}.txt", encoding="utf-8")
        desk.opened.append(template)
        larder = http.client.HTTPConnection(desk.larder)
        desk.opened.append(larder)
        larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
        answer = larder.getresponse()
        desk.opened.append(answer)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
        quote = json.load(answer)
        text = template.read().format(**order, price=quote["price"], days=quote["days"])
        text.encode("utf-8")  # raises before the label is touched
        label = open(desk.spool / f"{order['number']}.txt", "w", encoding="utf-8")
        desk.opened.append(label)
        print(text, file=label, flush=True)
        return {"number": order["number"], "price": quote["price"]}
    finally:
        for each in reversed(desk.opened[before:]):
            each.close()
        del desk.opened[before:]
