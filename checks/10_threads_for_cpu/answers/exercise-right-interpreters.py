# from: 3.14
from concurrent.futures import InterpreterPoolExecutor


def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(larder.order, numbers))
    with InterpreterPoolExecutor(2) as pool:
        half = max(1, -(-len(orders) // 2))
        halves = [orders[start : start + half] for start in range(0, len(orders), half)]
        parts = [pool.submit(list, map(make_pdf, part)) for part in halves]
        return [document for part in parts for document in part.result()]
