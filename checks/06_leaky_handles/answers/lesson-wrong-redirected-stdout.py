# says: the first one is done first
# wrong: "two people print at one desk at the same time: neither disturbs the other": redirect_stdout is for the whole process, so with two threads the text of one goes into the sheet of the other and one label is empty
import io
from contextlib import redirect_stdout


def print_label(desk: Desk, order: dict) -> dict | None:
    with ExitStack() as stack:
        sheet = stack.enter_context(io.StringIO())
        stack.enter_context(redirect_stdout(sheet))  # first on paper, into the spool when all went well
        template = stack.enter_context(open(desk.templates / f"{order['country']}.txt", encoding="utf-8"))
        larder = stack.enter_context(closing(http.client.HTTPConnection(desk.larder)))
        larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
        answer = stack.enter_context(larder.getresponse())
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
        quote = json.load(answer)
        print(template.read().format(**order, price=quote["price"], days=quote["days"]))
        data = sheet.getvalue().encode("utf-8")
    (desk.spool / f"{order['number']}.txt").write_bytes(data)
    return {"number": order["number"], "price": quote["price"]}
