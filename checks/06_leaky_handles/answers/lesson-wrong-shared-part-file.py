# says: in the middle of a label
# wrong: the label is written to one name for all and then renamed: two at once disturb each other
def print_label(desk: Desk, order: dict) -> dict | None:

    with open(desk.templates / f"{order['country']}.txt", encoding="utf-8") as template:
        with closing(http.client.HTTPConnection(desk.larder)) as larder:
            larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
            with larder.getresponse() as answer:
                if answer.status == 404:
                    return None
                if answer.status != 200:
                    raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
                quote = json.load(answer)
        text = template.read().format(**order, price=quote["price"], days=quote["days"])
    part = desk.spool / "label.part"
    with open(part, "w", encoding="utf-8") as label:
        print(text, file=label)
    part.replace(desk.spool / f"{order['number']}.txt")
    return {"number": order["number"], "price": quote["price"]}
