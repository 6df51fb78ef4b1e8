# says: were parsed for 20 requests
cache: dict[Path, tuple[bytes, dict]] = {}


async def settings_for(path: Path, route: str) -> dict:
    data = await asyncio.to_thread(path.read_bytes)
    if path not in cache or cache[path][0] != data:
        settings = await asyncio.to_thread(tomllib.loads, data.decode())
        cache[path] = data, settings
    settings = cache[path][1]
    return copy.deepcopy({**settings["default"], **settings["routes"].get(route, {})})
