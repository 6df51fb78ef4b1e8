# says: is cancelled, too
_tasks = {}


async def _parse(text: str) -> dict:
    return await asyncio.to_thread(tomllib.loads, text)


async def settings_for(path: Path, route: str) -> dict:
    text = path.read_text(encoding="utf-8")
    known = _tasks.get(path)
    if known is None or known[0] != text:
        known = _tasks[path] = (text, asyncio.create_task(_parse(text)))
    settings = await known[1]
    return copy.deepcopy({**settings["default"], **settings["routes"].get(route, {})})
