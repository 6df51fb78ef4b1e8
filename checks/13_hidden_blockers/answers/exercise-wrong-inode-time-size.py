# says: uses the first one's number again
import os

_cache = {}


async def settings_for(path: Path, route: str) -> dict:
    found = os.stat(path)
    stamp = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
    known = _cache.get(path)
    if known is None or known[0] != stamp:
        known = _cache[path] = (stamp, tomllib.loads(path.read_text(encoding="utf-8")))
    settings = known[1]
    return copy.deepcopy({**settings["default"], **settings["routes"].get(route, {})})
