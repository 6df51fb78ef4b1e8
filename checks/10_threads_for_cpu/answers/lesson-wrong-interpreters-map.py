# says: were sent in 120 pieces
# from: 3.14
# wrong: `chunksize=` means nothing to a pool of interpreters, so each text is a piece
from concurrent.futures import InterpreterPoolExecutor


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    share = max(1, -(-len(smudged) // (4 * workers)))
    with InterpreterPoolExecutor(workers) as pool:
        return list(pool.map(partial(readings, issued=issued), smudged, chunksize=share))
