# says: theirs is not in the spool any more
# wrong: "two people print at one desk at the same time: neither disturbs the other": the label is emptied at the start and put back if the call fails; if another person prints the same number meanwhile, the one who fails puts the old label (or none) over the new one
def print_label(desk: Desk, order: dict) -> dict | None:
    with ExitStack() as stack:
        template = stack.enter_context(open(desk.templates / f"{order['country']}.txt", encoding="utf-8"))
        larder = stack.enter_context(closing(http.client.HTTPConnection(desk.larder)))
        path = desk.spool / f"{order['number']}.txt"
        earlier = path.read_bytes() if path.exists() else None

        def put_back():
            if earlier is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(earlier)

        undo = stack.enter_context(ExitStack())
        undo.callback(put_back)
        label = undo.enter_context(open(path, "w", encoding="utf-8"))
        larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
        answer = stack.enter_context(larder.getresponse())
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
        quote = json.load(answer)
        text = template.read().format(**order, price=quote["price"], days=quote["days"])
        print(text, file=label, flush=True)
        undo.pop_all()
        label.close()
        return {"number": order["number"], "price": quote["price"]}
