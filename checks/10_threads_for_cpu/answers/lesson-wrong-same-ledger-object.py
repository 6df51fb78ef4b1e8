# says: That was right for an earlier call
from math import ceil

_seen: dict = {"ledger": None, "found": {}}


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    if _seen["ledger"] != issued:  # the ledger has changed: what we know is worth nothing
        _seen["ledger"], _seen["found"] = issued, {}
    found = _seen["found"]
    new = [text for text in dict.fromkeys(smudged) if text not in found]
    if new:
        size = ceil(len(new) / (4 * workers))
        with ProcessPoolExecutor(workers) as pool:
            found.update(zip(new, pool.map(partial(readings, issued=issued), new, chunksize=size)))
    return [list(found[text]) for text in smudged]
