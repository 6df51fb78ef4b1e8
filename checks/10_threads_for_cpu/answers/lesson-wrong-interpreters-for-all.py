# says: interpreters were started for
# from: 3.14
# wrong: an interpreter for each text
from concurrent.futures import InterpreterPoolExecutor


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    with InterpreterPoolExecutor(len(smudged) or 1) as pool:
        return list(pool.map(partial(readings, issued=issued), smudged))
