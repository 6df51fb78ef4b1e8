# says: whoever gets that piece works on
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    if len(smudged) <= workers:
        return readings_of_all(smudged, issued)
    size = len(smudged) // workers
    pieces = [smudged[n * size : (n + 1) * size] for n in range(workers - 1)]
    pieces.append(smudged[(workers - 1) * size :])
    with ProcessPoolExecutor(workers) as pool:
        futures = [pool.submit(readings_of_all, piece, issued) for piece in pieces]
        return [codes for future in futures for codes in future.result()]
