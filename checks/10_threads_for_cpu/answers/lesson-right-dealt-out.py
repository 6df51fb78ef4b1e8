# right: every fourth text goes to one worker
from multiprocessing import Pool


def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    parts = [smudged[start::workers] for start in range(workers)]
    with Pool(workers) as pool:
        answers = pool.starmap(readings_of_all, [(part, issued) for part in parts], chunksize=1)
    found: list[list[str]] = [[] for _ in smudged]
    for start, answer in enumerate(answers):
        found[start::workers] = answer
    return found
