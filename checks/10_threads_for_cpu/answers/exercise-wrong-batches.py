# says: while one of them took long, no others took the places
def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    orders = []
    for start in range(0, len(numbers), 8):
        with ThreadPoolExecutor(8) as pool:
            orders += pool.map(larder.order, numbers[start : start + 8])
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(make_pdf, orders, chunksize=max(1, -(-len(orders) // 16))))
