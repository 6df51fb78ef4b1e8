# says: is never answered
# wrong: breaks "a request that is given up … takes nothing from the others": CancelledError is no Exception, so when the one that parses is cancelled the future stays in the table and is never done: all others wait for ever
_known: dict[str, dict] = {}
_flights: dict[str, asyncio.Future] = {}


async def _parse(text: str) -> dict:
    if text in _known:
        return _known[text]
    if text in _flights:
        return await asyncio.shield(_flights[text])
    flight = _flights[text] = asyncio.get_running_loop().create_future()
    try:
        settings = await asyncio.to_thread(tomllib.loads, text)
    except Exception as error:
        del _flights[text]
        flight.set_exception(error)
        flight.exception()  # nobody may have waited
        raise
    del _flights[text]
    _known[text] = settings
    flight.set_result(settings)
    return settings


async def settings_for(path: Path, route: str) -> dict:
    settings = await _parse(path.read_text(encoding="utf-8"))
    return copy.deepcopy({**settings["default"], **settings["routes"].get(route, {})})
