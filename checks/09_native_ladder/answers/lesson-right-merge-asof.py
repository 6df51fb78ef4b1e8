# right: pandas finds the last bound of each line, in one call
import pandas as pd


def discounts(tape: bytes, bounds: np.ndarray, permille: np.ndarray) -> np.ndarray:
    pence = np.frombuffer(tape, dtype="<u4").astype(np.int64)
    order = np.argsort(pence, kind="stable")
    contract = pd.DataFrame({"bound": np.concatenate([[0], bounds]), "permille": permille})
    lines = pd.DataFrame({"pence": pence[order]})
    found = pd.merge_asof(lines, contract, left_on="pence", right_on="bound")["permille"].to_numpy()
    given = np.empty(len(pence), dtype=np.int64)
    given[order] = pence[order] * found // 1000
    return given
