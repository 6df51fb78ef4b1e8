"""Claims that lesson 12 answers for and does not ask about."""

import asyncio
import sys
import time
import warnings

from kettle.lessons.thumbnails import take_photo, thumbnail


def a_method_of_the_loop() -> str:
    """Look for the function in asyncio, and for the method."""
    has = {name: hasattr(asyncio, name) for name in ("run_in_executor", "to_thread")}
    method = hasattr(asyncio.AbstractEventLoop, "run_in_executor")
    return f"asyncio has {', '.join(f'{n}: {there}' for n, there in has.items())}; the loop has it: {method}."


def without_a_loop() -> str:
    """Ask for a loop where none is set, in a thread of its own."""

    def ask() -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return type(asyncio.get_event_loop()).__name__
            except RuntimeError as error:
                return f"RuntimeError: {error}"

    async def in_a_thread() -> str:
        return await asyncio.to_thread(ask)

    version = ".".join(map(str, sys.version_info[:2]))
    return f"Python {version}, in a thread without a loop: {asyncio.run(in_a_thread())}."


def nothing_to_wait_for() -> str:
    """Make some thumbnails one after another, and by gather."""
    photos = [take_photo("tea.jpg", side=300, seed=number) for number in range(6)]

    async def handle(photo) -> bytes:
        return thumbnail(photo)

    async def gathered() -> None:
        await asyncio.gather(*map(handle, photos))

    start = time.process_time()
    for photo in photos:
        thumbnail(photo)
    middle = time.process_time()
    asyncio.run(gathered())
    return f"Six thumbnails: {middle - start:.2f} s in turn, {time.process_time() - middle:.2f} s by gather."


MEASURES = {
    "run_in_executor": a_method_of_the_loop,
    "get_event_loop": without_a_loop,
    "async_is_faster": nothing_to_wait_for,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
