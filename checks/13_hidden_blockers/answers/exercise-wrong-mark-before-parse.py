# says: What is remembered of one that could not be parsed
_text, _parsed = {}, {}


async def settings_for(path: Path, route: str) -> dict:
    text = path.read_text(encoding="utf-8")
    if _text.get(path) != text:
        _text[path] = text
        _parsed[path] = tomllib.loads(text)
    settings = _parsed[path]
    return copy.deepcopy({**settings["default"], **settings["routes"].get(route, {})})
