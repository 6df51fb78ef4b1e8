# says: C code goes through the lines as Python objects
# wrong: array("q", view) asks the view for one Python int after another, an object for each line, inside C: "For each line, Python should do nothing: no step, no call, no object"
from array import array


def discounts(tape: bytes, bounds: np.ndarray, permille: np.ndarray) -> np.ndarray:
    view = memoryview(tape).cast("I")  # a buffer: copies nothing
    amounts = np.frombuffer(array("q", view), dtype=np.int64)  # eight bytes each, room for the products
    return amounts * permille[np.searchsorted(bounds, amounts, side="right")] // 1000
