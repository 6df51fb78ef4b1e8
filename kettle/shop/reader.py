"""Reader: a client that takes an answer's text as it is written, slowly or not, and may hang up."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial


class Reader:
    """What a handler writes to: `await reader(text)`.

    As with aiohttp's writer, awaiting it gives way only where the reader is slow.

    Args:
        turns: of the event loop that each text takes; the first one takes ten times as many.
        most: characters after which the reader hangs up, with a ConnectionResetError.
    """

    def __init__(self, turns: int = 0, most: int | None = None) -> None:
        self.turns, self.most = turns, most
        self.texts: list[str] = []
        self._first = True

    async def __call__(self, text: str) -> None:
        """Take a text.

        Raises:
            TypeError: it is none.
            ConnectionResetError: the reader has hung up.
        """
        if not isinstance(text, str):
            raise TypeError(f"`write` wants text and was given {type(text).__name__}")
        if self.most is not None and sum(map(len, self.texts)) + len(text) > self.most:
            raise ConnectionResetError("the client has hung up")
        turns, self._first = (10 if self._first else 1) * self.turns, False
        for _ in range(turns):
            await asyncio.sleep(0)
        self.texts.append(text)

    def data(self) -> object:
        """Return what has been written, read as JSON; a `NoJson` with the text where it is none."""
        text = "".join(self.texts)
        try:
            return json.loads(text)
        except ValueError as error:
            found = NoJson(text)
            found.why = str(error)
            return found


async def read_together(
    write_one: Callable[[int, Callable[[str], Awaitable[None]]], Awaitable[object]],
    number: int,
    patience: float,
) -> bool:
    """Let some answers be written at once, each reader reading its first text until all others have got one.

    Args:
        write_one: given a number from 0 and the reader, writes an answer to it.
        number: of answers.
        patience: seconds; paid by answers that wait for one another.

    Returns:
        Whether each had got a text while the others were still reading.
    """
    readers, met, begun = [Reader() for _ in range(number)], asyncio.Event(), set()

    async def write(reader: Reader, text: str) -> None:
        begun.add(reader)
        if len(begun) == number:
            met.set()
        if not failed:
            try:
                await asyncio.wait_for(met.wait(), patience)
            except TimeoutError:
                failed.append(reader)
        await reader(text)

    failed: list[Reader] = []
    await asyncio.gather(*(write_one(n, partial(write, reader)) for n, reader in enumerate(readers)))
    return not failed


class _NoJson(str):
    """A text that is no JSON; why: what Python's reader says."""

    __slots__ = ("why",)


# How a difference of types is told: "the answer is a text that is no JSON, and was a list".
NoJson = type("text that is no JSON", (_NoJson,), {"__slots__": ()})
