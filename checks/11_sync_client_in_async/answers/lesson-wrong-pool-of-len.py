# says: When there is no supplier, expected a result
from concurrent.futures import ThreadPoolExecutor


async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    def stock_at(supplier: int) -> dict[str, int]:
        response = requests.get(f"{url}/suppliers/{supplier}/stock")
        response.raise_for_status()
        return response.json()["levels"]

    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(max_workers=len(suppliers))
    try:
        answers = await asyncio.gather(*(loop.run_in_executor(pool, stock_at, n) for n in suppliers))
    finally:
        pool.shutdown(wait=False)
    return dict(zip(suppliers, answers, strict=True))
