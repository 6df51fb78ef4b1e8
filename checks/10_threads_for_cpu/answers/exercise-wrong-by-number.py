# says: When a number is in the list twice
def invoices(larder: Larder, numbers: list[int]) -> list[bytes]:
    with ThreadPoolExecutor(8) as askers, ProcessPoolExecutor(2) as makers:
        asked = {number: askers.submit(larder.order, number) for number in numbers}
        made = {number: makers.submit(make_pdf, order.result()) for number, order in asked.items()}
        return [document.result() for document in made.values()]
