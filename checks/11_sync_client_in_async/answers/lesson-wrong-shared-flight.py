# says: two checks at once ask one supplier
# wrong: a check that comes while another asks the same supplier gets that one's answer instead of asking afresh
_flights = {}


async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async def fetch(address: str) -> dict[str, int]:
        async with client.get(address) as response:
            response.raise_for_status()
            return (await response.json())["levels"]

    async def stock_at(supplier: int) -> dict[str, int]:
        address = f"{url}/suppliers/{supplier}/stock"
        if address not in _flights:
            _flights[address] = asyncio.ensure_future(fetch(address))
            _flights[address].add_done_callback(lambda _: _flights.pop(address, None))
        return dict(await _flights[address])

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as client:
        answers = await asyncio.gather(*map(stock_at, suppliers))
    return dict(zip(suppliers, answers, strict=True))
