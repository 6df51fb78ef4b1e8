# says: size and time do not tell whether it is the same
_known = {}


async def settings_for(path: Path, route: str) -> dict:
    text = path.read_text(encoding="utf-8")
    key = path.name, len(text), hash(text[:200])
    if key not in _known:
        _known[key] = tomllib.loads(text)
    settings = _known[key]
    return copy.deepcopy({**settings["default"], **settings["routes"].get(route, {})})
