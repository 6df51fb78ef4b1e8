# says: another route's part of the file is damaged
def _section(text: str, head: str) -> str:
    start = 0 if text.startswith(head) else text.find("\n" + head) + 1
    if start == 0 and not text.startswith(head):
        return ""
    end = text.find("\n[", start)
    return text[start:] if end < 0 else text[start : end + 1]


async def settings_for(path: Path, route: str) -> dict:
    text = path.read_text(encoding="utf-8")
    default = tomllib.loads(_section(text, "[default]"))["default"]
    own = tomllib.loads(_section(text, f'[routes."{route}"]')).get("routes", {})
    return {**default, **own.get(route, {})}
