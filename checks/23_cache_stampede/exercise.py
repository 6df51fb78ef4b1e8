"""The token: when its seconds are over, all who want to print a label log in at once."""

import asyncio

from kettle.checking import Case, Contract
from kettle.checking.equivalence import Told
from kettle.checking.worlds import World

from .world import Desk, desks

ASKERS, PATIENCE = 5, 2.0  # PATIENCE: seconds; paid by wrong answers only
SHORT = 0.05  # seconds that a token is good for which is to be over soon
TURNS = 30  # of the loop, in which those who ask have begun to wait


async def asked(token_of, w, *names):
    """Ask for tokens, one after another."""
    found = []
    for name in names:
        desk = getattr(w, name)
        if name not in w.couriers:
            w.couriers[name] = w.names["Courier"](desk.log_in)
        found.append(await token_of(w.couriers[name]))
    return found


async def over_soon(token_of, w):
    """Ask for a token that is over soon, and for the next one."""
    w.first.seconds = SHORT
    first = await asked(token_of, w, "first")
    w.first.seconds = 600
    await asyncio.sleep(2 * SHORT)
    return [*first, *await asked(token_of, w, "first", "first")]


exercise = Contract(
    "token_of",
    world=World((), lambda: desks),
    call=asked,
    observe=lambda w: {"log-ins": w.first.log_ins + w.second.log_ins},
    why={"seen": "log_ins"},
    again=False,
    cases={
        "a token is asked for": Case("first"),
        "a token is asked for again": Case("first", "first"),
        "tokens of two couriers are asked for": Case("first", "second", "first", why="swapped"),
        "a token's seconds are over": Case(call=over_soon, why="over"),
    },
)


async def asking(token_of, courier, number=ASKERS):
    """Begin to ask for a token, so many times at once."""
    askers = [asyncio.ensure_future(token_of(courier)) for _ in range(number)]
    for _ in range(TURNS):
        await asyncio.sleep(0)
    return askers


async def ended(askers):
    """Wait for what came of each; whoever has not ended then is cancelled, and there is a sentence on it."""
    _, still = await asyncio.wait(askers, timeout=PATIENCE)
    for each in still:
        each.cancel()
    if still:
        raise Told(exercise.say("stuck", n=len(still)))
    return await asyncio.gather(*askers, return_exceptions=True)


@exercise.cause
async def one_logs_in(token_of, Courier):  # noqa: N803
    """Let five ask while nobody is answered, and again when the token is over."""
    desk = Desk()
    courier = Courier(desk.log_in)
    for expected in (1, 2):
        desk.opens.clear()
        desk.seconds = SHORT if expected == 1 else 600
        askers = await asking(token_of, courier)
        desk.opens.set()
        told = await ended(askers)
        assert desk.log_ins == expected, exercise.say("each", n=desk.log_ins - expected + 1, of=ASKERS)
        wrong = [each for each in told if each != f"token {expected}"]
        assert not wrong, exercise.say("other", expected=f"token {expected}", got=repr(wrong[0]))
        await asyncio.sleep(2 * SHORT)


@exercise.cause
async def others_go_on(token_of, Courier):  # noqa: N803
    """Let a log-in fail while others wait for it; then cancel who logs in, and somebody who waits."""
    desk = Desk()
    courier = Courier(desk.log_in)
    desk.opens.clear()
    desk.fails = True
    askers = await asking(token_of, courier)
    desk.opens.set()
    returned = [each for each in await ended(askers) if not isinstance(each, Exception)]
    assert not returned, exercise.say("swallowed", got=repr(returned[0]))
    desk.fails = False
    [after] = await ended(await asking(token_of, courier, number=1))
    assert str(after).startswith("token"), exercise.say("remembered")
    for cancelled in (0, 1):
        desk = Desk()
        courier = Courier(desk.log_in)
        desk.opens.clear()
        askers = await asking(token_of, courier)
        askers.pop(cancelled).cancel()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        desk.opens.set()
        told = await ended(askers)
        failed = [type(each).__name__ for each in told if not isinstance(each, str)]
        who = exercise.say("who_waits" if cancelled else "who_logs_in")
        assert not failed, exercise.say("cancelled", who=who, n=len(failed), got=(*failed, "")[0])
