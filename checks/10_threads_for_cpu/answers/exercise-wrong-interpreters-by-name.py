# says: A worker finds its function by module and name
# from: 3.14
# wrong: the function of a cell, which another interpreter does not know
from concurrent.futures import InterpreterPoolExecutor


def drawn(orders: list[Order]) -> list[bytes]:
    return [make_pdf(order) for order in orders]


def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(larder.order, numbers))
    half = max(1, -(-len(orders) // 2))
    with InterpreterPoolExecutor(2) as pool:
        parts = pool.map(drawn, [orders[start : start + half] for start in range(0, len(orders), half)])
        return [document for part in parts for document in part]
