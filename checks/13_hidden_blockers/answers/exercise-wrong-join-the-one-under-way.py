# says: while another request is under way
parsed: dict[Path, tuple[str, dict]] = {}
under_way: dict[Path, asyncio.Task] = {}


async def refresh(path: Path) -> dict:
    text = path.read_text(encoding="utf-8")
    if path not in parsed or parsed[path][0] != text:
        parsed[path] = (text, await asyncio.to_thread(tomllib.loads, text))
    return parsed[path][1]


async def settings_for(path: Path, route: str) -> dict:
    if path not in under_way:
        under_way[path] = asyncio.create_task(refresh(path))
        under_way[path].add_done_callback(lambda task: under_way.pop(path))
    settings = await asyncio.shield(under_way[path])
    return copy.deepcopy({**settings["default"], **settings["routes"].get(route, {})})
