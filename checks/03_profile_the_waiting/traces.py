"""Recorded traces: four programs, slow for four reasons; benchmarks/record_waits.py made them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Trace:
    """One recorded program.

    Attributes:
        letter: that it goes by.
        cause: "service", "lock", "pool" or "gil".
        seconds: by the clock.
        loop: seconds of the processor that the loop's thread used.
        others: the same for all other threads.
        late: seconds by which the loop was typically late for a timer.
        latest: the same, at most.
        thread_at: the share of looks, 0 to 1, at which the loop's thread was somewhere.
        tasks_at: lines of text: where the tasks were.
    """

    letter: str
    cause: str = field(repr=False)
    seconds: float
    loop: float
    others: float
    late: float
    latest: float
    thread_at: dict[str, float]
    tasks_at: list[str]

    def __str__(self) -> str:
        places = [f"{100 * share:5.1f}%  {place}" for place, share in self.thread_at.items() if share >= 0.05]
        late, latest = 1000 * self.late, 1000 * self.latest
        return "\n".join(
            [
                f"Trace {self.letter}: {self.seconds:.2f} s by the clock",
                f"  CPU: the loop's thread {self.loop:.2f} s, other threads {self.others:.2f} s",
                f"  the loop was typically {late:.1f} ms late, at most {latest:.0f} ms",
                "  the loop's thread was at:",
                *(f"    {place}" for place in places),
                "  its tasks were at:",
                *(f"    {line}" for line in self.tasks_at),
            ]
        )

    @property
    def evidence(self) -> str:
        """Say which of its numbers tell what it waits for, without the word for it."""
        late = f"the loop was typically {1000 * self.late:.1f} ms late"
        used = f"its thread used the CPU for {self.loop:.2f} of {self.seconds:.2f} s"
        tasks = f"the loop was on time, and most tasks wait in `{self.innermost}`"
        return {
            "gil": f"{late}, and {used}, while another thread used it for {self.others:.2f} s.",
            "lock": f"{tasks}: no other service is called there.",
            "pool": f"{tasks}: their call has not been sent yet.",
            "service": f"{tasks}: their call has been sent.",
        }[self.cause]

    @property
    def innermost(self) -> str:
        """The function in which most tasks stood."""
        return next(line.split("%", 1)[1].strip() for line in self.tasks_at if " in " in line)


def recorded() -> dict[str, Any]:
    """Return the whole record: the traces, what py-spy saw, by its command, what `asyncio pstree` said."""
    return json.loads(Path(__file__).with_name("waits.json").read_text(encoding="utf-8"))


def recorded_traces() -> list[Trace]:
    """Return the four traces, by their letters."""
    return [Trace(letter, **found) for letter, found in recorded()["traces"].items()]
