# says: expected a result; your code raised TypeError
import json

_cache = {}


async def settings_for(path: Path, route: str) -> dict:
    text = path.read_text(encoding="utf-8")
    known = _cache.get(path)
    if known is None or known[0] != text:
        known = _cache[path] = (text, tomllib.loads(text))
    settings = known[1]
    return json.loads(json.dumps({**settings["default"], **settings["routes"].get(route, {})}))
