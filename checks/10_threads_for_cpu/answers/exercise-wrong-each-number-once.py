# says: once each time it comes
def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPoolExecutor(8) as pool:
        known = dict(zip(dict.fromkeys(numbers), pool.map(larder.order, dict.fromkeys(numbers))))
    orders = [known[number] for number in numbers]
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(make_pdf, orders, chunksize=max(1, -(-len(orders) // 16))))
