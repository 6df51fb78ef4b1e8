# from: 3.14
from concurrent.futures import InterpreterPoolExecutor


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    size = max(1, -(-len(smudged) // workers))
    slices = [smudged[start : start + size] for start in range(0, len(smudged), size)]
    with InterpreterPoolExecutor(workers) as pool:
        found = [pool.submit(readings_of_all, part, issued) for part in slices]
        return [codes for part in found for codes in part.result()]
