# says: that asked did not end with it
askers = ThreadPoolExecutor(8)


def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    orders = list(askers.map(larder.order, numbers))
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(make_pdf, orders, chunksize=max(1, -(-len(orders) // 16))))
