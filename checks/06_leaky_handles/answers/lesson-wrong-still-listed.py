# says: Leave out the line that adds to it
def print_label(desk: Desk, order: dict) -> dict | None:
    with (
        open(desk.templates / f"{order['country']}.txt", encoding="utf-8") as template,
        closing(http.client.HTTPConnection(desk.larder)) as larder,
    ):
        desk.opened += [template, larder]
        larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
        answer = larder.getresponse()
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
        quote = json.load(answer)
        text = template.read().format(**order, price=quote["price"], days=quote["days"])
    (desk.spool / f"{order['number']}.txt").write_text(text + "\n", encoding="utf-8")
    return {"number": order["number"], "price": quote["price"]}
