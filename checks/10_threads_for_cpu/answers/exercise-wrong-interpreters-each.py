# says: were sent in 81 pieces
# from: 3.14
# wrong: each order is a piece of its own
from concurrent.futures import InterpreterPoolExecutor


def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(larder.order, numbers))
    with InterpreterPoolExecutor(2) as pool:
        return list(pool.map(make_pdf, orders))
