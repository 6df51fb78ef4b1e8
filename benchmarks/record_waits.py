"""Record four programs that take their time for four reasons, for lesson 03: what waits, and for what?

Run it as `python benchmarks/record_waits.py`; it writes checks/03_profile_the_waiting/waits.json. What lies
there is kept where it is disturbed less by other programs; to begin anew, remove it. Where py-spy is, and one
process may look into another, it also records what py-spy sees of a page that waits.
`record_waits.py pstree` records only what `python -m asyncio pstree` says of it; that needs Python 3.14.
"""

import asyncio
import json
import platform
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from textwrap import dedent

import aiohttp

from kettle.lessons.waits import Wait, tree_of, watch_waits
from kettle.shop import Shop

HERE = Path(__file__).resolve().parents[1]
RECORDED = HERE / "checks" / "03_profile_the_waiting" / "waits.json"
SECONDS = 1.5  # for which each program goes on
BEAT = 0.01
TRIES = 4

clock = time.perf_counter


async def ask(api: aiohttp.ClientSession, path: str) -> dict:
    async with api.get(path) as response:
        return await response.json()


async def service(shop: Shop, until: float) -> None:
    async def show_stock(supplier: int) -> None:
        while clock() < until:
            await ask(api, f"/suppliers/{supplier}/stock")

    async with shop.session() as api:
        await asyncio.gather(*map(show_stock, range(1, 21)))


async def gil(shop: Shop, until: float) -> None:
    def audit() -> None:
        while clock() < until:
            sum(number * number for number in range(10_000))

    async def show_product(sku: str) -> None:
        while clock() < until:
            await ask(api, f"/products/{sku}")

    shop.set("product", latency=0.002)
    thread = threading.Thread(target=audit)
    async with shop.session() as api:
        thread.start()
        await asyncio.gather(*map(show_product, shop.data.products[:5]))
        thread.join()


async def lock(shop: Shop, until: float) -> None:
    ledger = asyncio.Lock()

    async def book(customer: int) -> None:
        while clock() < until:
            async with ledger:
                await ask(api, f"/customers/{customer}")

    async with shop.session() as api:
        await asyncio.gather(*map(book, range(1001, 1021)))


async def pool(shop: Shop, until: float) -> None:
    async def show_reviews(sku: str) -> None:
        while clock() < until:
            await ask(api, f"/products/{sku}/reviews")

    async with shop.session(connector=aiohttp.TCPConnector(limit=2)) as api:
        await asyncio.gather(*map(show_reviews, shop.data.products[:20]))


def beats(late: list[float], until: float) -> None:
    """Note every hundredth of a second how late the loop is; a timer, so that no task is added."""
    loop = asyncio.get_running_loop()

    def beat(due: float) -> None:
        late.append(clock() - due)
        if clock() < until:
            loop.call_later(BEAT, beat, clock() + BEAT)

    loop.call_later(BEAT, beat, clock() + BEAT)


def of_the_program(waits: list[Wait]) -> list[Wait]:
    """Leave out the task that records, and the library's own."""
    return [wait for wait in waits if wait.path and wait.path[0][0] not in ("four", "<module>")]


async def record(program: Callable[[Shop, float], Awaitable[None]], shop: Shop) -> dict:
    late, began = [], clock()
    own, whole = time.thread_time(), time.process_time()
    beats(late, began + SECONDS)
    with watch_waits() as waits:
        await program(shop, began + SECONDS)
    taken, own = clock() - began, time.thread_time() - own
    others = max(0.0, time.process_time() - whole - own - waits.cost)
    found = {"cause": program.__name__, "seconds": taken, "loop": own, "others": others}
    return found | {
        "late": median(late),
        "latest": max(late),
        "thread_at": dict(list(waits.thread_at().items())[:3]),
        "tasks_at": tree_of(of_the_program(waits.waits)),
    }


async def undisturbed(program: Callable, shop: Shop, before: dict | None) -> dict:
    """Record until other programs hardly show; after some tries, take the one that shows them least."""
    tries = [before] if before else []
    for _ in range(TRIES):
        if tries and min(map(disturbance, tries)) < 0.1:
            break
        tries.append(await record(program, shop))
    return min(tries, key=disturbance)


def disturbance(found: dict) -> float:
    """Say how far a recording is from what its program does on an idle machine; 0 is not at all."""
    if found["cause"] == "gil":
        return 1 - (found["loop"] + found["others"]) / found["seconds"]
    return 100 * found["late"]


async def four(before: dict[str, dict]) -> dict[str, dict]:
    with Shop(seed=3) as shop:
        print(f"The shop answers at {shop.url}.")  # which waits until it does
        return {
            letter: await undisturbed(program, shop, before.get(letter))
            for letter, program in zip("ABCD", (service, gil, lock, pool), strict=True)
        }


# --- what py-spy sees of a page that waits


async def order_line(api: aiohttp.ClientSession, order: dict) -> dict:
    await ask(api, f"/products/{order['lines'][0]['sku']}")
    return await ask(api, "/couriers/7/quote?postcode=AB1")


async def orders_page(api: aiohttp.ClientSession, customer: int) -> list[dict]:
    return [await order_line(api, order) for order in await ask(api, f"/customers/{customer}/orders")]


async def page() -> None:
    with Shop(seed=3) as shop:
        shop.set("quote", latency=0.45)
        async with shop.session() as api:
            print("ready", flush=True)
            while True:
                await asyncio.create_task(orders_page(api, 1001), name="a page")


@contextmanager
def a_page() -> Iterator[int]:
    """Start a process that serves the page again and again; give its id."""
    with subprocess.Popen([sys.executable, __file__, "page"], stdout=subprocess.PIPE) as waiting:
        try:
            waiting.stdout.readline()
            yield waiting.pid
        finally:
            waiting.kill()


def spied(*command: str) -> list[str]:
    """Run py-spy on a process that serves the page, and return the lines that it writes."""
    with tempfile.TemporaryDirectory() as folder, a_page() as waiting:
        out = ["-o", str(Path(folder) / "out.txt")] if command[0] == "record" else []
        whole = ["py-spy", *command, *out, "--pid", str(waiting)]
        ran = subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)
        found = Path(out[1]).read_text(encoding="utf-8") if out and Path(out[1]).exists() else ran.stdout
        if ran.returncode and not (out and "No stacks" in ran.stderr + found):
            raise OSError(ran.stderr)
        lines = found.splitlines()
        return [line for line in lines if not line.startswith(("Process", "Python v"))]


def tree_of_page() -> dict:
    """Record what `asyncio pstree`, from Python 3.14 on, says of the page that waits for a courier."""
    with a_page() as waiting:
        command = [sys.executable, "-m", "asyncio", "pstree", str(waiting)]
        while True:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
            _, _, tree = ran.stdout.partition("(T) a page\n")
            if "order_line" in tree and "DataQueue.read" in tree:
                break
    lines = [re.sub(r" \S*/", " ", line) for line in dedent(tree.rstrip()).splitlines()]  # no machine's path
    return {"on": f"{platform.system()}, Python {platform.python_version()}", "lines": lines}


def seen_by_py_spy() -> dict[str, dict]:
    spying = ("record", "--format", "raw", "--rate", "100", "--duration", "3")
    found = {}
    for way in (("dump",), spying, (*spying, "--idle")):
        before = children()
        lines = spied(*way)
        found[f"py-spy {' '.join(way)}"] = {"lines": lines, "processor": children() - before}
    return found


def children() -> float:
    """Return the seconds of the processor that ended children have used: py-spy, and a page that waits."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    before = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    found = {"how": "python benchmarks/record_waits.py"}
    found["on"] = f"{platform.system()}, Python {platform.python_version()}"
    found["traces"] = asyncio.run(four(before.get("traces", {})))
    found |= {"pstree": before.get("pstree", {}), "py-spy": before.get("py-spy", {})}
    if not found["py-spy"]:
        with suppress(OSError):
            found["py-spy"] = seen_by_py_spy()
    for letter, each in found["traces"].items():
        print(f"{letter}: {each['cause']}, disturbed by {disturbance(each):.2f}")
    RECORDED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["page"]:
        asyncio.run(page())
    elif sys.argv[1:] == ["pstree"]:
        kept = json.loads(RECORDED.read_text(encoding="utf-8")) | {"pstree": tree_of_page()}
        RECORDED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    else:
        main()
