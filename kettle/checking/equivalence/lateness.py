"""Answers that are late by what their client does meanwhile.

By the clock, an answer that is late on a machine that works is there in time on one that stood still.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress

from kettle.shop import Shop, ShopClosed
from kettle.shop.traffic import TrafficWindow

BEAT = 0.005  # seconds between two looks at the client's event loop
STILL = 10  # beats for which a loop may not come round before whoever waits for the answer is said to hold it
MOST = 20  # times as many beats as were asked for; for a client that never stops asking


def hold_late(
    shop: Shop,
    routes: Iterable[str],
    seconds: float,
    *,
    point: str = "first byte",
    still: int = STILL,
    when: Callable[[], bool] = lambda: True,
) -> None:
    """Let a shop's answers be late, until their client has done whatever it can do without them.

    They go on when no other call is under way and the client's event loop has come round in each of so many
    seconds' beats; or when it does not come round, as whoever waits for the answer holds it. A timer of the
    client that is due within those seconds has gone off by then, and what has been answered has been read,
    however little of the machine the client gets. Each route is late once.

    Args:
        shop: whose answers.
        routes: names of routes.
        seconds: in beats of 5 ms, which take longer on a busy machine.
        point: where answers stop, "first byte" or "mid body".
        still: beats for which a held loop waits.
        when: asked before each beat, in a thread, tells whether it counts.
    """
    watching, beats, loop = ExitStack(), round(seconds / BEAT), asyncio.get_running_loop()
    traffic = watching.enter_context(shop.traffic())
    shop.set(*routes, hang=point)

    def let_go() -> None:
        with suppress(ShopClosed, RuntimeError), watching:  # the shop or the loop may end before
            _let_go(shop, traffic, loop, set(routes), beats, still, when)

    threading.Thread(target=let_go, daemon=True).start()


def _let_go(
    shop: Shop,
    traffic: TrafficWindow,
    loop: asyncio.AbstractEventLoop,
    routes: set[str],
    beats: int,
    still: int,
    when: Callable[[], bool],
) -> None:
    quiet, waited, before = 0, 0, None
    while routes:
        free = _comes_round(loop, still)
        calls = traffic.requests
        late = {call.route for call in calls if not call.finished} & routes
        others = [call.finished for call in calls if call.route not in routes]
        quiet = quiet + 1 if late and all(others) and others == before and when() else 0
        waited, before = waited + bool(late), others
        if quiet > beats or (late and not free) or waited > MOST * beats:
            shop.set(*late, hang=None)
            routes -= late
            quiet = waited = 0


def _comes_round(loop: asyncio.AbstractEventLoop, still: int) -> bool:
    """Wait for a beat, and then until the loop has come round, but at most so many beats."""
    time.sleep(BEAT)
    came = threading.Event()
    loop.call_soon_threadsafe(came.set)
    return any(came.wait(BEAT) for _ in range(still))
