"""Claims that lesson 11 answers for and does not ask about."""

import asyncio
import builtins
import importlib.metadata
import threading
import time
from collections.abc import Awaitable, Callable

import aiohttp
import requests

from kettle.checking import DOES_NOT_HOLD, HOLDS, PARTLY, Claim
from kettle.probes.loop import watch_loop
from kettle.shop import Shop


async def _took(call: Awaitable) -> float:
    start = time.perf_counter()
    await call
    return time.perf_counter() - start


async def sleeping() -> str:
    """Let ten tasks sleep, both ways."""

    async def with_the_thread_in_hand():
        time.sleep(0.01)  # noqa: ASYNC251 (this is what is measured)

    held = await _took(asyncio.gather(*(with_the_thread_in_hand() for _ in range(10))))
    free = await _took(asyncio.gather(*(asyncio.sleep(0.01) for _ in range(10))))
    return f"Ten sleeps of 10 ms: {1000 * held:.0f} ms by time.sleep, {1000 * free:.0f} ms by asyncio.sleep."


async def run_inside() -> str:
    """Call asyncio.run where a loop runs, as in a notebook."""
    call = asyncio.sleep(0)
    try:
        asyncio.run(call)
    except RuntimeError as error:
        return f"Where a loop runs already: {error}."
    finally:
        call.close()
    return "It ran."


async def without_a_wait() -> str:
    """Call something that need not wait, as a plain function and as a coroutine."""

    def plain():
        return 1

    async def coroutine():
        return 1

    start = time.perf_counter()
    for _ in range(100_000):
        plain()
    middle = time.perf_counter()
    for _ in range(100_000):
        await coroutine()
    ratio = (time.perf_counter() - middle) / (middle - start)
    return f"A coroutine that waits for nothing takes {ratio:.1f} times as long as the plain function."


async def interleaved() -> str:
    """Wait fifty times, in turn and together."""
    threads = set()

    async def wait():
        threads.add(threading.get_ident())
        await asyncio.sleep(0.01)

    async def in_turn():
        for _ in range(50):
            await wait()

    ratio = await _took(in_turn()) / await _took(asyncio.gather(*(wait() for _ in range(50))))
    return f"Fifty waits together, in {len(threads)} thread, are over {ratio:.0f} times as soon as in turn."


async def two_mistakes() -> str:
    """Undo one of the two mistakes of the sample at a time."""
    with Shop(seed=11) as shop:
        paths = [f"/suppliers/{number}/stock" for number in range(1, 5)]
        async with aiohttp.ClientSession(shop.url) as api:

            async def get(path):
                async with api.get(path) as response:
                    return await response.read()

            async def blocking():
                for path in paths:
                    requests.get(shop.url + path)  # noqa: ASYNC210 (this is what is measured)

            async def in_turn():
                for path in paths:
                    await get(path)

            base = await _took(blocking())
            swapped, together = await _took(in_turn()), await _took(asyncio.gather(*map(get, paths)))
    return (
        f"Four calls, as in the sample: {base:.2f} s; with aiohttp, still in turn: {swapped:.2f} s; "
        f"with aiohttp and gather: {together:.2f} s."
    )


def drivers() -> str:
    """Say which of the drivers are here."""
    found = []
    for name in ("asyncpg", "aiomysql", "motor", "pymongo"):
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"This course uses {', '.join(found)}."


def aioredis() -> str:
    """Make the class at which the import of aioredis 2.0.1 stops."""
    try:
        type("TimeoutError", (asyncio.TimeoutError, builtins.TimeoutError), {})
    except TypeError as error:
        return f"Its import defines an exception of two bases that are one since Python 3.11: {error}."
    return "Its exceptions can still be defined on this Python."


async def looks_asynchronous() -> str:
    """Watch the loop while something with an asynchronous face is called."""

    async def upload():
        time.sleep(0.05)  # noqa: ASYNC251 (this is what is measured)

    async def found(call: Callable) -> float:
        with watch_loop() as loop:
            await call()
        return 1000 * loop.longest_hold

    return f"An `async def upload` that only looks so held the loop for {await found(upload):.0f} ms."


CLAIMS = (
    Claim(
        name="sleeping",
        said="time.sleep in async code blocks everything; asyncio.sleep does not.",
        truth=HOLDS,
        why="The one waits with the loop's thread in its hands, however short; the other gives it back.",
        ids=("S1.3", "S1.5"),
        measure=sleeping,
    ),
    Claim(
        name="run_inside",
        said="Start it with `asyncio.run(main())`.",
        truth=PARTLY,
        why="In a program, yes. Where a loop runs already, as in a notebook or a handler, await instead.",
        ids=("S1.16",),
        measure=run_inside,
    ),
    Claim(
        name="slower",
        said="Async can be slower than plain code.",
        truth=HOLDS,
        why="Where nothing waits there is nothing to gain, and each coroutine costs something.",
        ids=("S2.1",),
        measure=without_a_wait,
    ),
    Claim(
        name="smarter",
        said="Async runs nothing faster: one thread waits for many things at once.",
        truth=HOLDS,
        why="The waits are interleaved, the work is not.",
        ids=("S2.2", "S2.3", "S3.32", "S4.1"),
        measure=interleaved,
    ),
    Claim(
        name="two_mistakes",
        said="The sample is slow because `requests` blocks: use aiohttp.",
        truth=PARTLY,
        why="It makes two mistakes; the other one is that each call is awaited before the next. With aiohttp "
        "alone the loop is free for others, and the sample takes as long as before.",
        ids=("S2.19",),
        measure=two_mistakes,
    ),
    Claim(
        name="drivers",
        said="For databases use asyncpg, aiomysql and Motor.",
        truth=PARTLY,
        why="They give the loop back. But Motor's support ended in May 2026, in favour of PyMongo's own "
        "AsyncMongoClient.",
        ids=("S2.22", "S3.35"),
        measure=drivers,
    ),
    Claim(
        name="aioredis",
        said="For Redis use aioredis.",
        truth=DOES_NOT_HOLD,
        why="It is archived and lives on as `redis.asyncio`, in the package redis.",
        ids=("S2.23",),
        measure=aioredis,
    ),
    Claim(
        name="verify",
        said="Use libraries with async support, such as aioboto3, and verify that they have it.",
        truth=HOLDS,
        why="A name or an `async def` proves nothing: look for a step that holds the loop. aiofiles, for "
        "one, is a thread pool, which is often all that is needed.",
        ids=("S2.25", "S2.26"),
        measure=looks_asynchronous,
    ),
)
