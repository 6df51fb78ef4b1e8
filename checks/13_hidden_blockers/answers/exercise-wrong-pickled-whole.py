# says: what is done with all of its routes, though one is asked for
# wrong: breaks "A request does nothing with the settings of other routes, besides reading the file": each request unpickles all 700 routes, to have a fresh dictionary
import pickle

_pickled: dict[Path, tuple[str, bytes]] = {}


async def settings_for(path: Path, route: str) -> dict:
    text = path.read_text(encoding="utf-8")
    known = _pickled.get(path)
    if known is None or known[0] != text:
        known = _pickled[path] = text, pickle.dumps(tomllib.loads(text), pickle.HIGHEST_PROTOCOL)
    settings = pickle.loads(known[1])  # its own, with all that is in it
    return {**settings["default"], **settings["routes"].get(route, {})}
