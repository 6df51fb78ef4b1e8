from concurrent.futures import ThreadPoolExecutor


async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    loop = asyncio.get_running_loop()

    def stock_at(supplier: int) -> dict[str, int]:
        response = requests.get(f"{url}/suppliers/{supplier}/stock")
        response.raise_for_status()
        return response.json()["levels"]

    with ThreadPoolExecutor(max_workers=12) as pool:
        answers = await asyncio.gather(*(loop.run_in_executor(pool, stock_at, s) for s in suppliers))
    return dict(zip(suppliers, answers, strict=True))
