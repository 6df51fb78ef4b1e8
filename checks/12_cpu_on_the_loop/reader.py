"""Reader: a client that takes an answer's text as it is written, slowly or not, and may hang up."""

import asyncio
import json


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


class _NoJson(str):
    """A text that is no JSON; why: what Python's reader says."""

    __slots__ = ("why",)


# How a difference of types is told: "the answer is a text that is no JSON, and was a list".
NoJson = type("text that is no JSON", (_NoJson,), {"__slots__": ()})
