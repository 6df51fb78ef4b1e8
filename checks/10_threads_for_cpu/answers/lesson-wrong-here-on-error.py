# says: When one of the texts is no voucher, 12 of 12 texts
def search(smudged: list[str], issued: set[str], workers: int = 4) -> list[list[str]]:
    try:
        with ProcessPoolExecutor(workers) as pool:
            return list(
                pool.map(
                    partial(readings, issued=issued), smudged, chunksize=max(1, len(smudged) // (4 * workers))
                )
            )
    except Exception:
        return [readings(text, issued) if "-" in text else [] for text in smudged]
