# says: The key was deleted
def cached(store: Redis, key: str, make: Callable, seconds: int):
    """Return what is kept under the key; if nothing is, one caller makes the value, the others get the last one."""
    kept = store.get(key)
    if kept is not None:
        return json.loads(kept)
    lock = store.lock(f"{key}:lock", timeout=5, sleep=0.01)
    if not lock.acquire(blocking=False):
        old = store.get(f"{key}:old")
        if old is not None:
            return json.loads(old)
        lock.acquire()
    try:
        kept = store.get(key)
        if kept is None:
            kept = json.dumps(make())
            store.set(key, kept, ex=seconds)
            store.set(f"{key}:old", kept, ex=10 * seconds)
        return json.loads(kept)
    finally:
        lock.release()
