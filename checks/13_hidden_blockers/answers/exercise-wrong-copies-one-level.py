# says: all callers share one object
_cache: dict[Path, tuple[str, dict]] = {}


async def settings_for(path: Path, route: str) -> dict:
    text = path.read_text(encoding="utf-8")
    if path not in _cache or _cache[path][0] != text:
        _cache[path] = text, tomllib.loads(text)
    settings = _cache[path][1]
    merged = {**settings["default"], **settings["routes"].get(route, {})}
    # much cheaper than a deepcopy
    return {name: value.copy() if isinstance(value, (list, dict)) else value for name, value in merged.items()}
