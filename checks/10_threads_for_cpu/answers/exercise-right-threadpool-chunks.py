# right: it maps in pieces of its own making, so that fewer than eight are under way only towards the end
from multiprocessing.pool import ThreadPool


def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPool(8) as pool:
        orders = pool.map(larder.order, numbers)
        pool.close()
        pool.join()
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(make_pdf, orders, chunksize=-(-len(orders) // 16) or 1))
