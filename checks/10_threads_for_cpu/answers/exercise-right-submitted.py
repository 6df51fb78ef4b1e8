# right: each document is asked for by itself
def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPoolExecutor(max_workers=8) as threads, ProcessPoolExecutor(max_workers=2) as processes:
        orders = [threads.submit(larder.order, number) for number in numbers]
        pdfs = [processes.submit(make_pdf, order.result()) for order in orders]
        return [pdf.result() for pdf in pdfs]
