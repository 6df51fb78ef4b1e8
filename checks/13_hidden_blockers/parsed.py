"""Parsed: how much JSON is parsed between two turns of the event loop, or by one call in a thread.

For example:

    with watch_parsed('"sku"') as parsed:
        await cart(desk, lines, note)
    parsed.longest, parsed.on_loop
"""

import json
import threading
from collections import Counter
from typing import Any, Self

from kettle.probes.engines.stand_in import tapped
from kettle.probes.turns import watch_turns


class watch_parsed:  # noqa: N801 (used as a verb: with watch_parsed('"sku"') as parsed)
    """Count a mark in all texts that json parses while the block runs, turn by turn of the running loop.

    mark: what stands once in each piece of data. Read in the block or afterwards: total: marks that were
    parsed. longest: the most between two turns on the loop's thread, or by one call in another thread.
    on_loop: whether that was on the loop's thread. What is parsed by other code than json is not seen.
    Raises RuntimeError where no loop runs.
    """

    def __init__(self, mark: str) -> None:
        self._mark, self._turns, self._calls = mark, watch_turns(), 0
        self._pieces: Counter[tuple[bool, int]] = Counter()

    def __enter__(self) -> Self:
        self._thread = threading.get_ident()
        self._turns.__enter__()
        self._tap = tapped(json.JSONDecoder.decode, self._heard)
        self._tap.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._tap.__exit__(*error)
        self._turns.__exit__(*error)

    @property
    def total(self) -> int:
        """How many marks were parsed."""
        return self._pieces.total()

    @property
    def longest(self) -> int:
        """The most marks in one piece."""
        return self._largest()[1]

    @property
    def on_loop(self) -> bool:
        """Whether that piece was parsed on the loop's own thread."""
        return self._largest()[0][0]

    def _largest(self) -> tuple[tuple[bool, int], int]:
        return max(self._pieces.items(), key=lambda piece: piece[1], default=((True, 0), 0))

    def _heard(self, args: tuple, options: dict) -> None:
        on_loop = threading.get_ident() == self._thread
        self._calls += 1
        text = args[1] if len(args) > 1 else options.get("s", "")
        self._pieces[on_loop, self._turns.number if on_loop else self._calls] += text.count(self._mark)
