# says: waited on the event loop's own thread
# wrong: urlopen is in a thread, but its body is read on the loop's own thread
import json
from urllib.request import urlopen


async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async def stock_at(supplier: int) -> dict[str, int]:
        with await asyncio.to_thread(urlopen, f"{url}/suppliers/{supplier}/stock") as response:
            return json.load(response)["levels"]

    answers = await asyncio.gather(*map(stock_at, suppliers))
    return dict(zip(suppliers, answers, strict=True))
