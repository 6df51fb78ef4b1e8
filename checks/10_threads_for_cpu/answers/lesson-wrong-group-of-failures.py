# says: raises a group of 2 failures
from math import ceil


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    size = max(1, ceil(len(smudged) / (4 * workers)))
    with ProcessPoolExecutor(workers) as pool:
        futures = [
            pool.submit(readings_of_all, smudged[begin : begin + size], issued)
            for begin in range(0, len(smudged), size)
        ]
    errors = [error for future in futures if (error := future.exception()) is not None]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("several pieces hold texts that are no vouchers", errors)
    return [codes for future in futures for codes in future.result()]
