# says: Keep no failure
from concurrent.futures import Future
from threading import Lock

_futures: dict[str, Future] = {}
_lock = Lock()


def _pounds(code: str) -> float:
    """One call to the catalogue for each product, also if several threads ask at once."""
    with _lock:
        future = _futures.get(code)
        mine = future is None
        if mine:
            future = _futures[code] = Future()
    if mine:
        try:
            future.set_result(catalogue.price(code))
        except Exception as error:
            future.set_exception(error)
    return future.result()


def price_tag(code: str) -> str:
    money = currency.get()
    return f"{_pounds(code) * RATES[money]:.2f} {money}"
