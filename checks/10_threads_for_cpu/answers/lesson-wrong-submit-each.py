# says: 48 pieces
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    with ProcessPoolExecutor(workers) as pool:
        futures = [pool.submit(readings, text, issued) for text in smudged]
        return [future.result() for future in futures]
