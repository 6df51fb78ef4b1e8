"""Scanners that hang up: a client that cannot be awaited, and that no two threads may use at once."""

import asyncio
import http.client

from kettle.checking import Case, Contract, worlds
from kettle.checking.equivalence import asked, asked_otherwise, fails, late, revised
from kettle.lessons.held_calls import PATIENCE, TOGETHER, explain, held
from kettle.shop.data import Data

FAILED = 12  # look-ups that fail, more than anybody keeps clients for one scanner


def draw(rng, _):
    """Draw six suppliers."""
    suppliers = rng.sample(Data.suppliers, 6)
    return {"suppliers": suppliers, "one": suppliers[0], "down": suppliers[1]}


def larder(w):
    """Return the client of the world's scanner."""
    if not hasattr(w, "larder"):
        w.larder = w.names["LarderClient"](w.url)
    return w.larder


def look_up(supplier):
    """Write a message that asks for a supplier's stock."""
    return {"type": "stock", "supplier": supplier}


def send(on_message, w, message=None):
    """Send one message; a look-up by default."""
    return on_message(larder(w), dict(message or look_up(w.one)))


async def six_at_once(on_message, w):
    """Look up six suppliers at once."""
    return await asyncio.gather(*(on_message(larder(w), look_up(number)) for number in w.suppliers))


async def after_failures(on_message, w):
    """Look up a supplier after many look-ups that failed."""
    for _ in range(FAILED):
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(on_message(larder(w), look_up(w.down)), return_exceptions=True)
    async with asyncio.timeout(PATIENCE):
        return await on_message(larder(w), look_up(w.one))


def shared(error):
    """Say that two threads used one connection, or that something is still taken."""
    if isinstance(error, TimeoutError):
        return exercise.say("taken", seconds=PATIENCE)
    return exercise.say("connection") if isinstance(error, http.client.HTTPException) else ""


exercise = Contract(
    "on_message",
    world=worlds.shop(draw, latency=0.005),
    call=send,
    observe=asked,
    why={"seen": asked_otherwise, "error": shared},
    cases={
        "a scanner looks up a supplier": Case(),
        "a scanner sends two pings": Case({"type": "ping"}, again=True),
        "the stock changes between two look-ups": Case(between=revised),
        "a supplier is late": Case(prepare=late(0.05, "stock"), impatient=True),
        "a scanner sends six look-ups at once": Case(call=six_at_once),
        "a look-up comes after many that failed": Case(
            call=after_failures,
            prepare=lambda w: fails(f"/suppliers/{w.down}/stock")(w),
        ),
    },
    fails={"look-up": "/suppliers/{one}/stock"},
)


@exercise.cause
async def nobody_waits(on_message, LarderClient, shop, rng):  # noqa: N803 (the learner's)
    """Hold the look-ups of four scanners until a ping has been answered."""
    larders = [LarderClient(shop.url) for _ in range(TOGETHER)]
    suppliers = rng.choices(shop.data.suppliers, k=2 * TOGETHER)

    async def one(number):
        return await on_message(larders[number % TOGETHER], look_up(suppliers[number]))

    async def look_ups():
        return await asyncio.gather(*map(one, range(len(suppliers))))

    async def ping():
        await on_message(larders[0], {"type": "ping"})

    seen = await held(look_ups, shop, meanwhile=ping)
    assert not isinstance(seen.error, http.client.HTTPException), exercise.say("connection")
    if not seen.met:
        why = await explain(lambda: one(0))
        if why.call:
            raise AssertionError(exercise.say("blocks", why=why, function=why.function))
        key = "scanners_wait" if seen.together < TOGETHER else "ping_waits"
        raise AssertionError(exercise.say(key, n=seen.together, of=TOGETHER))
    assert not seen.waited, exercise.say("waited", what=seen.waited)
    for supplier, answer in zip(suppliers, seen.value, strict=True):
        assert answer["levels"] == shop.data.stock(supplier)["levels"], exercise.say(
            "swapped", supplier=supplier
        )
    return exercise.say("answered", n=TOGETHER)
