# says: KeyError has to reach the caller
# wrong: if the directory does not know the name, the promise for it stays open: the first refund raises KeyError, the second waits for the promise and raises TimeoutError; breaks "a name that the directory does not know is an error, as it is now"
import threading
from concurrent.futures import Future

_promises: dict[tuple[str, int], Future] = {}
_lock = threading.Lock()


def limit_of(name: str, version: int) -> int:
    """Two who ask the same at once share one question to the directory."""
    with _lock:
        promise = _promises.get((name, version))
        mine = promise is None
        if mine:
            if len(_promises) >= 64:
                del _promises[next(iter(_promises))]
            promise = _promises[name, version] = Future()
    if mine:
        promise.set_result(directory.limit(name))
    return promise.result(timeout=1)


def may_refund(pence: int) -> bool:
    return pence <= limit_of(till.clerk, directory.version)
