# says: was asked for 2 times
def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    def ask(number):
        try:
            return larder.order(number)
        except LookupError:
            return larder.order(number)

    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(ask, numbers))
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(make_pdf, orders, chunksize=max(1, -(-len(orders) // 16))))
