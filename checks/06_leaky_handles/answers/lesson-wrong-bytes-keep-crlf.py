# says: the same to its line ends
# wrong: "the same label in the spool": the template is read as bytes, so one saved with Windows line ends (\r\n) gives a label with \r\n, where the merged code's text mode gives \n
def print_label(desk: Desk, order: dict) -> dict | None:
    template = (desk.templates / f"{order['country']}.txt").read_bytes().decode("utf-8")
    with closing(http.client.HTTPConnection(desk.larder)) as larder:
        larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
        with larder.getresponse() as answer:
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
            quote = json.load(answer)
    text = template.format(**order, price=quote["price"], days=quote["days"])
    (desk.spool / f"{order['number']}.txt").write_bytes(f"{text}\n".encode("utf-8"))
    return {"number": order["number"], "price": quote["price"]}
