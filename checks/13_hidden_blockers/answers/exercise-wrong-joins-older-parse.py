# says: while another request waits for its parse
_parsed: dict[Path, tuple[str, dict]] = {}
_parsing: dict[Path, asyncio.Task] = {}


async def _parse(path: Path, text: str) -> dict:
    try:
        settings = await asyncio.to_thread(tomllib.loads, text)
        _parsed[path] = text, settings
        return settings
    finally:
        _parsing.pop(path, None)


async def settings_for(path: Path, route: str) -> dict:
    text = path.read_text(encoding="utf-8")
    if path in _parsed and _parsed[path][0] == text:
        settings = _parsed[path][1]
    else:
        if path not in _parsing:
            _parsing[path] = asyncio.create_task(_parse(path, text))
        settings = await asyncio.shield(_parsing[path])
    return copy.deepcopy({**settings["default"], **settings["routes"].get(route, {})})
