"""Checks in virtual time in which each clock shows it, however the learner's code reads one."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from kettle.checking import Undecided
from kettle.checking.causes.virtually import HORIZON, outcome
from kettle.checking.equivalence import Told
from kettle.checking.runner.errors import unheard
from kettle.checking.runner.patience import Patience
from kettle.layers import replace
from kettle.probes.engines.clocks import CPU, WALL, telling
from kettle.probes.virtual_time import VirtualRun, run_virtual
from kettle.probes.virtual_time.loop import VirtualLoop
from kettle.probes.virtual_time.refused import refuse
from kettle.probes.virtual_time.threads import Threads

BEGIN = 1000.0  # seconds: what `time.monotonic` shows first; 0 is no time that a real clock ever shows
EPOCH = 1_750_000_000.0  # seconds: what `time.time` shows then, less those
READING = 1e-6  # seconds of the processor that reading a clock of the processor takes
TURNS, TURNS_AGAIN = 1000, 100  # of the loop in one instant: more of them wait for a clock to move on
READINGS = 5000  # without a turn of the loop: the same
STEP = 50e-6  # seconds by which it then moves
SETS = "the clocks of `time`, `timeit`, `datetime` and of the event loop"
OTHERS = frozenset(("asyncio", "concurrent", "kettle", "logging", "merged", "threading"))  # read them, too


class OtherTimes(Told):
    """A time is not the one that belongs there: which clock was it read from?"""


def told_time(body: Callable[..., Awaitable], *args: Any, limit: float = 5.0) -> Any:
    """Run the body of a check in virtual time, with clocks that tell it: see `virtually`.

    `clocks.install` comes before the learner's cells run (`install` in words.toml), so it does not matter how
    they read one: `from time import perf_counter`, a default argument, `datetime.now`. Another event loop in a
    thread is refused.
    """
    made: list[ToldLoop] = []

    def make_loop(horizon: float) -> ToldLoop:
        made.append(ToldLoop(horizon))
        return made[-1]

    patience = Patience(limit)
    run = run_virtual(
        body,
        *args,
        horizon=HORIZON,
        limit=limit,
        more=patience.more,
        blocking=False,
        make_loop=make_loop,
        around=lambda threads: Teller(threads).telling(),
    )
    _judge_clocks(run, sum(loop.reads for loop in made))
    value = outcome(run, patience)
    assert not (lost := unheard(run.complaints)), lost
    return value


def _judge_clocks(run: VirtualRun, reads: int) -> None:
    if run.refused:
        raise Undecided(f"Your code uses {run.refused[0]}. This check sets {SETS}, and cannot set those.")
    if isinstance(getattr(run.error, "__cause__", None), OtherTimes) and not reads:
        raise Undecided(f"This check sets {SETS}, and your code has read none of them: so it cannot tell.")


class ToldLoop(VirtualLoop):
    """A virtual loop that begins later than 0, and whose time moves on while code only looks at a clock."""

    def __init__(self, horizon: float) -> None:
        super().__init__(horizon)
        self.clock.now = BEGIN
        self.turns, self.reads = 0, 0
        self._since, self._most = (BEGIN, 0), TURNS

    def time(self) -> float:
        """Return the virtual time in seconds."""
        self.note(sys._getframe(1).f_globals.get("__name__", ""))
        return self.clock.now

    def note(self, module: str) -> None:
        """Count who reads a clock, other than asyncio and the checks."""
        self.reads += module.partition(".")[0].partition("_")[0] not in OTHERS

    def _select(self, timeout: float | None) -> list:
        self.turns += 1
        at, turn = self._since
        if at != self.clock.now:
            self._since = self.clock.now, self.turns
        elif self.turns - turn > self._most and timeout is not None and timeout <= 0:
            self._most = TURNS_AGAIN
            self.clock.pass_blocked(STEP)
            self._since = self.clock.now, turn
        return super()._select(timeout)


class Teller:
    """Tells the threads of a virtual run its time.

    Args:
        threads: of the run.
    """

    def __init__(self, threads: Threads) -> None:
        self.threads, self.cpu = threads, 0.0
        self._last: tuple[float, int] | None = None
        self._same = 0

    def is_ours(self) -> bool:
        """Tell whether the current thread is the loop's or one of its workers."""
        return self.threads.is_ours()

    def tell(self, kind: str, module: str) -> float:
        """Return what a clock shows; whoever reads it again and again without waiting sees it move."""
        loop = self.threads.loop
        loop.note(module)
        now = loop.clock.now, loop.turns
        self._same = self._same + 1 if now == self._last else 0
        self._last = now
        if self._same > READINGS:
            loop.clock.pass_blocked(STEP)
            self._last = loop.clock.now, loop.turns
        if kind == CPU:
            self.cpu += READING
            return self.cpu
        return loop.clock.now + (EPOCH if kind == WALL else 0.0)

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """Tell the time in this block, and refuse other event loops: their waits are real ones."""
        with contextlib.ExitStack() as undo:
            undo.callback(replace(asyncio.BaseEventLoop, "run_forever", self._running))
            undo.enter_context(telling(self))
            yield

    def _running(self, run_forever: Callable) -> Callable:
        def run(loop: Any) -> Any:
            if self.is_ours() and loop is not self.threads.loop:
                refuse("another event loop", "Its waits are real ones: use the loop that runs.")
            return run_forever(loop)

        return run
