# says: in the wrong order
# wrong: a tape of several blocks comes back in the order in which the threads end: "a discount for each line, in the order of the tape"
from concurrent.futures import ThreadPoolExecutor, as_completed

BLOCK = 20_000


def discounts(tape: bytes, bounds: np.ndarray, permille: np.ndarray) -> np.ndarray:
    amounts = np.frombuffer(tape, dtype="<u4")

    def of_block(start: int) -> np.ndarray:
        block = amounts[start : start + BLOCK].astype(np.int64)
        return block * permille[np.searchsorted(bounds, block, side="right")] // 1000

    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(of_block, start) for start in range(0, len(amounts), BLOCK)]
        done = [job.result() for job in as_completed(jobs)]
    return np.concatenate(done) if done else np.empty(0, dtype=np.int64)
