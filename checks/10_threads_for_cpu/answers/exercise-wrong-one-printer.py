# says: at most 1 document
def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(larder.order, numbers))
    with ProcessPoolExecutor(1) as pool:
        return list(pool.map(make_pdf, orders))
