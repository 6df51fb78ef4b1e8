# says: with 3 numbers to ask for
from math import ceil


def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    if len(numbers) <= 10:  # no pool pays for so few
        orders = [larder.order(number) for number in numbers]
        return [make_pdf(order) for order in orders]
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(larder.order, numbers))
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(make_pdf, orders, chunksize=ceil(len(orders) / 16)))
