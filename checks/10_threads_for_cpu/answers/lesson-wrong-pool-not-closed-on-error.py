# says: did not end with it
import multiprocessing


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    pool = multiprocessing.Pool(workers)
    found = pool.map(partial(readings, issued=issued), smudged)
    pool.close()
    pool.join()
    return found
