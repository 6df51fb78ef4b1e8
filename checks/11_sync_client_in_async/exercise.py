"""A synchronous client in async code: each call holds the event loop until its answer has come."""

import asyncio
import os

from kettle.checking import words_of
from kettle.checking.equivalence import (
    Situation,
    asked,
    asked_otherwise,
    fails,
    late,
    revised,
    scribble,
    shop_world,
)
from kettle.checking.equivalence.lateness import hold_late
from kettle.checking.held_calls import LONG, explain, waited
from kettle.probes.loop import watch_loop
from kettle.shop.data import Data

from .world import CONNECTION, LATE_BODY, PATIENCE, TOGETHER, _held, _shared

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake

FAILED = 12  # look-ups, more than anybody keeps clients for one scanner


async def check_same_answers(on_message, same, rng):
    """Each message gets the answer that it got before, alone or at once with others."""
    suppliers = rng.sample(Data.suppliers, 6)
    one, down, cut = suppliers[:3]
    hangs_up = fails(f"/suppliers/{cut}/stock", status=None)

    def send(message):
        return lambda f, w: f(_larder(w), dict(message))

    def look_ups(*numbers):
        return lambda f, w: asyncio.gather(*(f(_larder(w), _look_up(number)) for number in numbers))

    def break_both(w):
        w.shop.set(latency=0.0)
        fails(f"/suppliers/{down}/stock")(w)
        hangs_up(w)

    async def after_failures(f, w):
        answer = None
        for supplier in (*(down, cut) * (FAILED // 2), one):
            async with asyncio.timeout(PATIENCE):
                (answer,) = await asyncio.gather(f(_larder(w), _look_up(supplier)), return_exceptions=True)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def own_answer(f, w):
        first, second = await look_ups(one, one)(f, w)
        scribble(first)
        return second

    situations = (
        Situation("a scanner sends two pings", send({"type": "ping"}), again=True),
        Situation("a scanner looks up a supplier", send(_look_up(one)), seen=asked),
        Situation("the stock changes between two look-ups", send(_look_up(one)), between=revised),
        Situation("a supplier is late", send(_look_up(one)), late(0.05, "stock"), seen=asked, impatient=True),
        Situation("a look-up is made again", send(_look_up(one)), again=True),
        Situation("a scanner sends six look-ups at once", look_ups(*suppliers), seen=asked),
        Situation("a supplier is looked up twice at once", own_answer, seen=asked, why=ONE_FOR_ALL),
        Situation("a supplier fails once", send(_look_up(down)), fails(f"/suppliers/{down}/stock", calls=(1,))),
        Situation("the connection of a look-up breaks", send(_look_up(cut)), hangs_up),
        Situation(f"a look-up comes after {FAILED} that failed", after_failures, break_both, why={"error": _taken}),
    )  # fmt: skip
    world = shop_world(rng, latency=0.005, watched=True)
    await same(on_message, world, situations, why={"seen": asked_otherwise, "error": _shared})


async def check_nobody_waits_for_a_look_up(on_message, LarderClient, shop, rng):  # noqa: N803 (the learner's)
    """Pings, and other scanners, do not wait for look-ups that are under way."""
    larders = [LarderClient(shop.url) for _ in range(TOGETHER)]
    many = min(32, (os.cpu_count() or 1) + 4) + 2  # more than to_thread has threads
    suppliers = rng.choices(shop.data.suppliers, k=many)

    async def look_up(scanner, supplier):
        return await on_message(larders[scanner % TOGETHER], _look_up(supplier))

    async def look_ups():
        return await asyncio.gather(*(look_up(*each) for each in enumerate(suppliers)))

    async def ping():
        await on_message(larders[0], {"type": "ping"})

    seen = await _held(look_ups, shop, meanwhile=ping)
    assert not _shared(seen.error), (
        f"Each of {TOGETHER} scanners sent more than one look-up: {type(seen.error).__name__}. {CONNECTION}"
    )
    if not seen.met:
        raise AssertionError(_who_waits(seen, await explain(lambda: look_up(0, suppliers[0]))))
    assert not seen.waited, (
        f"With look-ups under way, {seen.waited} waited on the event loop's own thread, and pings wait with it. "
        "Where can it wait instead?"
    )
    shop.set(latency=0.0)
    hold_late(shop, ["stock"], LATE_BODY, point="mid body", still=LONG)
    with shop.traffic() as traffic, watch_loop(explain=True) as loop:
        await look_up(0, suppliers[0])
    assert not (waits := waited(loop, traffic.of("stock"))), (
        f"The body of an answer comes a moment after its head, and {waits} waits for it on the event loop's own "
        "thread. Where is the head waited for?"
    )
    for supplier, answer in zip(suppliers, seen.value, strict=True):
        assert answer["levels"] == shop.data.stock(supplier)["levels"], (
            f"Of {many} look-ups at once, the one at supplier {supplier} got another one's answer."
        )
    return f"While the shop held the look-ups of {TOGETHER} scanners, a ping was answered: only then were they let go."


ONE_FOR_ALL: dict = {
    "missing": "Both look-ups were given one and the same thing: each message gets an answer of its own.",
    "seen": asked_otherwise,
}


def _larder(w):
    if not hasattr(w, "larder"):
        w.larder = w.names["LarderClient"](w.url)
    return w.larder


def _look_up(supplier):
    return {"type": "stock", "supplier": supplier}


def _taken(error):
    never = f"It was not answered within {PATIENCE:.0f} s: what is still taken since the failures?"
    return never if isinstance(error, TimeoutError) else _shared(error)


def _who_waits(seen, why):
    if why.call:
        task = f" A task around it, `{why.task}`, does not change that." if why.own_task else ""
        return f"{EXERCISE_MISTAKE}: {why} in `{why.function}` holds the event loop.{task} Where can it wait instead?"
    if seen.together < TOGETHER:
        return (
            f"Of {TOGETHER} scanners that sent a look-up each, {seen.together} had it in flight at a time, though the "
            "event loop was free: one scanner waits for another's look-up. What do they share?"
        )
    return (
        f"{EXERCISE_MISTAKE}. The event loop was free, but the ping waited for the look-ups: "
        "what do they share (a lock, a thread, a pool)?"
    )
