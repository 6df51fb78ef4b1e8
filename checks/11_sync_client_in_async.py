"""A synchronous client in async code: each call blocks the event loop until its response has arrived."""

import asyncio
import gc
import http.client
import os
import sys
from contextlib import ExitStack, suppress

from kettle.checking import DOES_NOT_HOLD, HOLDS, PARTLY, Claim, Question
from kettle.checking.held_calls import LONG, blame, explain, hold_calls, waited, why_not
from kettle.checking.lateness import hold_late
from kettle.checking.same import (
    Situation,
    asked,
    asked_otherwise,
    fails,
    late,
    revised,
    scribble,
    shop_world,
    shuffled,
)
from kettle.probes.calls import count_calls
from kettle.probes.loop import watch_loop
from kettle.probes.ratio import compare_async
from kettle.shop import Shop
from kettle.shop.data import Data

MISTAKE = "holds the event loop until the answer has come"
EXERCISE_MISTAKE = "No ping was answered while the shop held a look-up"
GONE = "No call holds the event loop any more: the calls are under way together, and the heart beats."
EXERCISE_GONE = (
    "No look-up holds the event loop any more: pings are answered at once, and no scanner waits for another."
)

HINTS = (
    "Look at the picture: what is the event loop doing while the shop works on the first call?",
    "`gather` can overlap only what gives the event loop back while it waits, and only an `await` of something "
    "that is not there yet gives it back. Which line of `stock_at` waits without one?",
    "Two ways out: a client that is made for asyncio (`aiohttp.ClientSession`, `httpx.AsyncClient`), or the client "
    "that you have, in another thread (`asyncio.to_thread`).",
    "`async with aiohttp.ClientSession() as client:` around the gather, and in `stock_at`: "
    '`async with client.get(…) as response:`, then `(await response.json())["levels"]`. '
    "Or: `response = await asyncio.to_thread(requests.get, …)`.",
)

EXERCISE_HINTS = (
    "Look at the picture: where are the pings while a look-up is under way?",
    "`larder.stock(…)` waits for the supplier on the event loop's own thread. It cannot be awaited, "
    "so it has to wait somewhere else.",
    "A thread frees the loop. But this client has one connection: what happens when two threads use it at once? "
    "A lock for each client keeps them apart; so does a client for each look-up.",
    '`levels = await asyncio.to_thread(larder.stock, message["supplier"])`, inside '
    '`async with larder.turn:`; before it, `if not hasattr(larder, "turn"): larder.turn = asyncio.Lock()`.',
)

RECALL = (
    Question(
        "Twelve coroutines that each call `requests.get` are given to `gather`. How many calls are in flight at once?",
        ("12", "1", "As many as there are cores"),
        1,
        "Each call holds the event loop until its answer has come, so the next coroutine cannot even begin.",
    ),
    Question(
        "There is no asynchronous client for a service. What keeps the event loop free?",
        (
            "`async def` around each call",
            "`await asyncio.sleep(0)` before each call",
            "`await asyncio.to_thread(…)` around each call",
        ),
        2,
        "The call waits in another thread, and the loop goes on. The other two leave it on the loop's own thread.",
    ),
)

GUESS = Question(
    "An `async def` function calls `requests.get`. What do the other tasks of the program do meanwhile?",
    ("They run", "They wait", "They run as soon as the request has been sent"),
    1,
    "Nothing in it gives the event loop back before the answer is there. This lesson shows it.",
)

CLAIMS = (
    Claim(
        name="swap",
        said="Replace `requests` by aiohttp, and the calls are faster.",
        truth=DOES_NOT_HOLD,
        why="The swap alone gains nothing: a call takes as long as the other side takes. What gains is overlapping, "
        "and `requests` in threads overlaps, too.",
        ids=("S1.4", "S2.18", "S2.21"),
    ),
    Claim(
        name="negates",
        said="One blocking call takes away all that async was for.",
        truth=HOLDS,
        why="There is one thread for all tasks. Whoever waits with it in hand stops the others, related or not.",
        ids=("S3.76", "S3.33"),
    ),
    Claim(
        name="httpx",
        said="Just use `async with httpx.AsyncClient() as client` where you make the call.",
        truth=PARTLY,
        why="The client is right, but one for many calls: making one is work on the loop's own thread, most of it "
        "for encryption, and each new client begins with new connections.",
        ids=("S1.6", "S2.20"),
    ),
    Claim(
        name="throughout",
        said="In FastAPI you have to use asynchronous clients throughout.",
        truth=PARTLY,
        why="In an `async def` route, yes. A plain `def` route runs in a thread pool, where a synchronous client "
        "holds nobody up until the pool's threads (40, unless you set it) are all waiting.",
        ids=("S3.36", "S3.37"),
    ),
)

EXCUSED = {}
EXERCISE_EXCUSED = {}

CLIENTS = ("aiohttp.client:ClientSession.__init__", "httpx._client:AsyncClient.__init__")
PATIENCE = 3.0  # seconds; paid by wrong answers only
TOGETHER = 4  # calls that must be in flight at once: the smallest default pool of to_thread has 5 threads
LATE_BODY = 0.12  # seconds of the client's life from the head of an answer to its body, which may be waited for elsewhere
FAILED = 12  # look-ups, more than anybody keeps clients for one scanner
TURNS = 30  # that the loop takes while calls are held, 5 ms each: time for what waits there to show


async def check_same_stock(stock_of, same, rng):
    """Whoever checks the stock gets what the merged code gave, whoever answers first, changes or fails."""
    one, two, three, four = rng.sample(Data.suppliers, 4)

    def check(*suppliers):
        return lambda f, w: f(w.url, list(suppliers))

    def at_once(*checks):
        return lambda f, w: asyncio.gather(*(f(w.url, list(suppliers)) for suppliers in checks))

    situations = (
        Situation("three suppliers are asked", check(one, two, three), seen=asked),
        Situation("suppliers answer in another order", check(one, two, three, four), shuffled("stock", most=0.02)),
        Situation("the stock changes between two checks", check(one, two), between=revised),
        Situation("a check is made again", check(one, two), again=True),
        Situation("a supplier is late", check(one), late(0.05, "stock"), seen=asked, impatient=True),
        Situation("there is no supplier", check()),
        Situation("a supplier is named twice", check(one, two, one, three)),
        Situation("two checks are made at once", at_once([one, two], [three]), seen=asked),
        Situation("two checks at once ask one supplier", at_once([one, two], [one]), seen=asked),
        Situation(f"supplier {two} fails once", check(one, two), fails(f"/suppliers/{two}/stock", calls=(1,))),
        Situation(f"the connection to supplier {one} breaks", check(one), fails(f"/suppliers/{one}/stock", status=None)),
    )  # fmt: skip
    world = shop_world(rng, latency=0.0, watched=True)
    await same(stock_of, world, situations, noun="supplier", why={"seen": asked_otherwise})


async def check_calls_overlap_and_the_loop_lives(stock_of, shop, rng, notes):
    """The calls are in flight together, and the event loop lives meanwhile."""
    number = rng.randint(5, 9)
    suppliers = rng.sample(shop.data.suppliers, number)

    async def ask():
        return await stock_of(shop.url, list(suppliers))

    with ExitStack() as stack:
        made = [stack.enter_context(count_calls(c)) for c in CLIENTS if c.split(".")[0] in sys.modules]
        seen = await _held(ask, shop, late_body=LATE_BODY)
        clients = sum(calls.count for calls in made)
    if not seen.met:
        raise AssertionError(why_not(seen, number, TOGETHER, await explain(ask)))
    assert not seen.waited, (
        f"With {number} calls under way, {seen.waited} waited on the event loop's own thread: nobody else is served "
        "meanwhile. What does the same without holding the loop?"
    )
    if clients >= number:
        notes.append(f"{clients} clients were made for {number} calls, and one could serve them all.")
    return (
        f"The shop held the first calls until {TOGETHER} were in flight together and the event loop had sent "
        "a call of its own; as merged, 1 was in flight and the loop stood still."
    )


async def check_two_stock_checks_at_once(stock_of, shop, rng):
    """Two stock checks at once do not wait for each other, however short."""
    one, *three = rng.sample(shop.data.suppliers, TOGETHER)

    async def ask():
        return await asyncio.gather(stock_of(shop.url, [one]), stock_of(shop.url, list(three)))

    seen = await _held(ask, shop, turns=1)
    if not seen.met:
        why = await explain(lambda: stock_of(shop.url, [one]))
        raise AssertionError(
            f"With 1 call under way, {blame(why)}"
            if why.call
            else f"Of two stock checks at once, only {seen.together} of {TOGETHER} calls were in flight together, "
            "though the event loop was free: what do the two checks share?"
        )


async def check_no_client_is_left_open(stock_of, shop, rng):
    """A check has closed its client when it answers, and also when it fails."""
    one, down = rng.sample(shop.data.suppliers, 2)
    shop.set(latency=0.0)
    shop.break_calls(f"/suppliers/{down}/stock")
    await stock_of(shop.url, [one])  # what is kept for the whole program is there from now on
    kept = _open_clients()
    await stock_of(shop.url, [one])
    assert not _open_clients(besides=kept), (
        "When a check answers, a client session that it made is still open. What closes it, and who waits for that?"
    )
    with suppress(Exception):  # in this task, so that the loop has no turn before the look
        await stock_of(shop.url, [down])
    assert not _open_clients(besides=kept), (
        "When a supplier fails, your code leaves a client session open, with its connections. Who closes it then?"
    )


async def interest_how_much_faster(as_merged, stock_of):
    """How much faster the check is here."""
    with Shop() as shop:
        shop.set("stock", latency=0.03)
        suppliers = list(shop.data.suppliers[:5])
        ratio = await compare_async(
            lambda: as_merged(shop.url, suppliers), lambda: stock_of(shop.url, suppliers), repeat=3
        )
    return f"Here, with 5 suppliers that answer in a seventh of their usual time, yours is {ratio}."


# --- the exercise: a synchronous SDK behind a heartbeat


async def check_exercise_same_answers(on_message, same, rng):
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


async def check_exercise_nobody_waits_for_a_look_up(on_message, LarderClient, shop, rng):  # noqa: N803 (the learner's)
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


# --- what the checks share

CONNECTION = "The client has one connection, and two threads used it at once. How can they be kept apart?"
ONE_FOR_ALL = {
    "missing": "Both look-ups were given one and the same thing: each message gets an answer of its own.",
    "seen": asked_otherwise,
}


def _open_clients(besides=()):
    names = (("aiohttp", "ClientSession"), ("httpx", "AsyncClient"))
    kinds = tuple(getattr(sys.modules[module], name) for module, name in names if module in sys.modules)
    found = [thing for thing in gc.get_objects() if issubclass(type(thing), kinds)]
    opened = [each for each in found if not getattr(each, "closed", getattr(each, "is_closed", True))]
    return [each for each in opened if not any(each is other for other in besides)]


def _larder(w):
    if not hasattr(w, "larder"):
        w.larder = w.names["LarderClient"](w.url)
    return w.larder


def _look_up(supplier):
    return {"type": "stock", "supplier": supplier}


def _shared(error):
    return CONNECTION if isinstance(error, http.client.HTTPException) else ""


def _taken(error):
    never = f"It was not answered within {PATIENCE:.0f} s: what is still taken since the failures?"
    return never if isinstance(error, TimeoutError) else _shared(error)


async def _held(ask, shop, turns=TURNS, meanwhile=None, late_body=0.0):
    shop.set(latency=0.01)
    options = {"meanwhile": meanwhile, "turns": turns, "late_body": late_body, "patience": PATIENCE}
    seen = await hold_calls(ask, shop, "stock", TOGETHER, **options)
    if (seen.met or not seen.together) and seen.error and not _shared(seen.error):
        raise seen.error
    shop.set(latency=0.13, hang=None)  # for what may have to be explained
    return seen


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
