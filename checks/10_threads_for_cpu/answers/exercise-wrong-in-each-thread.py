# says: take turns at one interpreter
def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    def one(number):
        return make_pdf(larder.order(number))

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, numbers))
