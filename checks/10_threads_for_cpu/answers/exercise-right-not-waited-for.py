# right: its processes end a moment later, and nobody has to do anything for it
def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(larder.order, numbers))
    pool = ProcessPoolExecutor(2)
    pdfs = list(pool.map(make_pdf, orders, chunksize=max(1, -(-len(orders) // 16))))
    pool.shutdown(wait=False)
    return pdfs
