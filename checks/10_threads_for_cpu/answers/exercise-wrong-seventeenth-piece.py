# says: in 17 pieces
from math import ceil


def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(larder.order, numbers))
    half = len(orders) // 2
    size = max(1, ceil(half / 8))  # eight pieces for each of the two
    with ProcessPoolExecutor(1) as one, ProcessPoolExecutor(1) as other:
        first = one.map(make_pdf, orders[:half], chunksize=size)
        second = other.map(make_pdf, orders[half:], chunksize=size)
        return [*first, *second]
