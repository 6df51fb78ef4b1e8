# says: by an older file
# wrong: "templates and quotes are fresh: both change during the night": a template is read again only if its file is newer, so one that is put back from an older copy (os.replace or copy2, older mtime) is never seen
_templates: dict[Path, tuple[float, str]] = {}


def _template(path: Path) -> str:
    changed = path.stat().st_mtime  # raises if there is no such template
    known = _templates.get(path)
    if known is None or changed > known[0]:
        known = _templates[path] = (changed, path.read_text(encoding="utf-8"))
    return known[1]


def print_label(desk: Desk, order: dict) -> dict | None:
    template = _template(desk.templates / f"{order['country']}.txt")
    with closing(http.client.HTTPConnection(desk.larder)) as larder:
        larder.request("GET", f"/couriers/{order['courier']}/quote?postcode={order['postcode']}")
        with larder.getresponse() as answer:
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise RuntimeError(f"no quote for order {order['number']}: status {answer.status}")
            quote = json.load(answer)
    text = template.format(**order, price=quote["price"], days=quote["days"])
    (desk.spool / f"{order['number']}.txt").write_bytes((text + "\n").encode("utf-8"))
    return {"number": order["number"], "price": quote["price"]}
