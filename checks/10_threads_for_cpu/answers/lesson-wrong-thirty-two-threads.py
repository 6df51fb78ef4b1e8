# says: searched in this process, where threads
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(partial(readings, issued=issued), smudged))
