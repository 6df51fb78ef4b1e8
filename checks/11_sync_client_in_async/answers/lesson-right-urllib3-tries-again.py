# the connection alone is tried again, which the text allows
import urllib3


async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    with urllib3.PoolManager(maxsize=max(1, len(suppliers))) as http:  # made for many threads

        def stock_at(supplier: int) -> dict[str, int]:
            response = http.request("GET", f"{url}/suppliers/{supplier}/stock")
            if response.status != 200:
                raise RuntimeError(f"supplier {supplier}: {response.status}")
            return response.json()["levels"]

        answers = await asyncio.gather(*(asyncio.to_thread(stock_at, s) for s in suppliers))
    return dict(zip(suppliers, answers, strict=True))
