"""A synchronous client in async code: each call holds the event loop until its answer has come."""

import asyncio
import http.client
import sys
from contextlib import ExitStack

from kettle.checking import Question
from kettle.probes.calls import count_calls
from kettle.probes.held import explain, hold_calls
from kettle.probes.loop import watch_loop
from kettle.probes.ratio import compare_async
from kettle.shop import Shop

MISTAKE = "holds the event loop until the answer has come"
EXERCISE_MISTAKE = "No ping was answered while the shop held a look-up"

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
    "Look at the picture: where is the heartbeat while a look-up is under way?",
    "`larder.stock(…)` waits for the supplier on the event loop's own thread. It cannot be awaited, "
    "so it has to wait somewhere else.",
    "A thread frees the loop. But this client has one connection: what happens when two threads use it at once? "
    "An executor with a single thread, or a client for each look-up, keeps them apart.",
    "`sdk_thread = ThreadPoolExecutor(max_workers=1)` above the function, and in it "
    '`levels = await asyncio.get_running_loop().run_in_executor(sdk_thread, larder.stock, message["supplier"])`.',
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
    Question(
        "What happens to the other tasks of a server while one of them is in `time.sleep(1)`?",
        ("They run on", "They wait, all of them", "They wait if they use the same client"),
        1,
        "One thread runs all tasks of an event loop; what holds this thread holds all of them.",
    ),
)

RESULTS = ("Future.result", "Future.exception", "AsyncResult.get")
THREADS = ("Thread.join", "Lock.acquire", "Event.wait", "Queue.get", "ThreadPoolExecutor.shutdown")
CLIENTS = (
    "aiohttp.client:ClientSession.__init__",
    "httpx._client:AsyncClient.__init__",
    "requests.sessions:Session.__init__",
)
NOBODYS = ("", "main", "_await")  # steps of the task that runs a check
PATIENCE = 3.0  # seconds; paid by wrong answers only
TOGETHER = 4  # calls that must be in flight at once: the smallest default pool of to_thread has 5 threads


async def check_same_stock(stock_of, shop, rng):
    """The stock is what it was before."""
    shop.set("stock", latency=0.02, jitter=0.04)  # answers come in another order than they were asked for
    for number in (1, 7):
        suppliers = rng.sample(shop.data.suppliers, number)
        async with shop.traffic() as traffic:
            levels = await _asked(stock_of(shop.url, list(suppliers)))
        _same(levels, {supplier: shop.data.stock(supplier)["levels"] for supplier in suppliers})
        asked = traffic.by_route.get("stock", 0)
        assert asked == number, f"{number} suppliers were asked {asked} times: each once, please."


async def check_calls_overlap_and_the_loop_lives(stock_of, shop, rng, notes):
    """The calls are in flight together, and the event loop lives meanwhile."""
    for number in (5, 9):
        suppliers = rng.sample(shop.data.suppliers, number)

        async def ask(suppliers=suppliers):
            return await _asked(stock_of(shop.url, list(suppliers)))

        seen = await hold_calls(ask, shop, "stock", TOGETHER, patience=PATIENCE)
        _raise(seen)
        if not seen.met:
            shop.set("stock", latency=0.05)
            raise AssertionError(_why_not(seen, number, await explain(ask)))
    if (made := await _count_clients(ask)) >= number:
        notes.append(
            f"{made} clients were made for {number} calls, and one could serve them all. The event loop is free, so it "
            "passes; what it costs is the subject of lesson 18."
        )
    return (
        f"The shop held the first calls until {TOGETHER} were in flight together and the event loop had sent "
        "a call of its own; as merged, 1 was in flight and the loop stood still."
    )


async def check_nothing_else_waits_on_the_loop(stock_of, shop, rng):
    """Nothing sleeps on the event loop, or waits there for a socket."""
    shop.set("stock", latency=0.1)
    suppliers = rng.sample(shop.data.suppliers, 4)
    with watch_loop(explain=True) as loop:
        await _asked(stock_of(shop.url, list(suppliers)))
    waits = [call for call in loop.blocking if _is_wait(call)]
    assert not waits, (
        f"The calls overlap, but `{waits[0].source}` still held the event loop: {len(waits)} such waits for 4 calls, "
        f"with {waits[0].call}: nobody else is served meanwhile. What does the same without holding it?"
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


async def check_exercise_same_answers(on_message, LarderClient, shop, rng):  # noqa: N803 (the learner's class)
    """Each message gets the answer that it got before."""
    shop.set("stock", latency=0.02)
    larder, again = LarderClient(shop.url), rng.choice(shop.data.suppliers)
    async with shop.traffic() as traffic:
        for supplier in (*rng.sample(shop.data.suppliers, 2), *(again,) * 2):
            pong = await on_message(larder, {"type": "ping"})
            assert pong == {"type": "pong"}, f"A ping got {_kind(pong)} that is not the pong of before."
            answer = await _asked(on_message(larder, {"type": "stock", "supplier": supplier}))
            _same_answer(answer, supplier, shop)
    asked = traffic.by_route.get("stock", 0)
    assert asked == 4, (
        f"4 look-ups asked the suppliers {asked} times: each look-up asks once, since stock changes. "
        + ("Is an answer remembered?" if asked < 4 else "Is a supplier asked twice?")
    )


async def check_exercise_pings_are_answered(on_message, LarderClient, shop, rng):  # noqa: N803
    """A ping is answered while a look-up is under way."""
    larder, supplier = LarderClient(shop.url), rng.choice(shop.data.suppliers)

    async def look_up():
        return await on_message(larder, {"type": "stock", "supplier": supplier})

    async def ping():
        await on_message(larder, {"type": "ping"})

    seen = await hold_calls(look_up, shop, "stock", 1, meanwhile=ping, patience=PATIENCE)
    _raise(seen)
    if not seen.met:
        shop.set("stock", latency=0.05)
        raise AssertionError(_no_ping(await explain(look_up)))
    _same_answer(seen.value, supplier, shop)
    return "While the shop held a look-up, a ping was answered: only then was the look-up let go."


async def check_exercise_look_ups_keep_apart(on_message, LarderClient, shop, rng, notes):  # noqa: N803
    """Two look-ups of one scanner do not disturb each other."""
    larder = LarderClient(shop.url)
    suppliers = rng.sample(shop.data.suppliers, 2)
    calls = [lambda s=s: on_message(larder, {"type": "stock", "supplier": s}) for s in suppliers]
    second = None

    async def start_second():
        nonlocal second
        second = asyncio.create_task(calls[1]())
        # It comes to the shop as well, or it fails, or it waits for the first one, which no sign tells of.
        for _ in range(100):
            if second.done() or await asyncio.to_thread(lambda: traffic.by_route.get("stock", 0)) > 1:
                break
            await asyncio.sleep(0.01)

    async with shop.traffic() as traffic:
        seen = await hold_calls(calls[0], shop, "stock", 1, meanwhile=start_second, patience=PATIENCE)
        answers = [seen.error or seen.value]
        if second is not None:
            answers += await asyncio.gather(second, return_exceptions=True)
    for supplier, answer in zip(suppliers, answers, strict=False):
        assert not isinstance(answer, BaseException), (
            f"Two look-ups at once: one of them failed with {type(answer).__name__}. "
            + (
                "The client has one connection, and two threads used it at the same time. "
                if isinstance(answer, http.client.HTTPException)
                else "Alone, each of them is answered. "
            )
            + "How can they be kept apart?"
        )
        _same_answer(answer, supplier, shop)
    calls = traffic.of("stock")
    if len(calls) == 2 and calls[1].started >= calls[0].ended:
        notes.append("Look-ups wait for each other, since they share one connection. The pings do not wait.")


# --- what the checks share


def _raise(seen):
    """Raise what an answer raised, unless what the shop saw is the better message."""
    if seen.error and (seen.met or seen.together == 0 or isinstance(seen.error, AssertionError)):
        raise seen.error


async def _asked(answer):
    """Await an answer; say what is wrong when something of it belongs to another event loop."""
    try:
        return await answer
    except RuntimeError as error:
        if "loop" in str(error).lower() or "Timeout context manager" in str(error):
            raise AssertionError(
                "Something of yours belongs to another event loop than the one that uses it. "
                "A client belongs to the loop that it was made in: can it be made inside the function?"
            ) from None
        raise


def _is_wait(call):
    return call.call == "time.sleep" or (call.call.startswith("socket.") and call.seconds > 0.05)


def _why_not(seen, number, why):
    if seen.lived and seen.together > 1:
        return (
            f"Of {number} calls at most {seen.together} were in flight together, though the event loop was free. "
            "What do the others wait for?"
        )
    if seen.lived:
        return _in_turn(number, why)
    line = f"`{why.source}`" if why.source else "something"
    if seen.together > 1:
        return (
            f"{seen.together} of {number} calls were in flight together, but the event loop showed no life while "
            f"the shop held them: {line} waits on the loop's own thread{_with(why)}. Who else is served meanwhile?"
        )
    return "Peak in flight 1: " + _what_holds(line, why)


def _no_ping(why):
    line = f": `{why.source}` in `{why.function}` holds the event loop{_with(why)}" if why.source else ""
    task = f" A task around it, `{why.task}`, does not change that." if why.task not in NOBODYS else ""
    return (
        f"No ping was answered while the shop held a look-up{line}.{task} "
        "Where can the look-up wait, so that the loop is free?"
    )


def _in_turn(number, why):
    if why.jobs == 1:
        return (
            f"The event loop was free, but peak in flight 1: one thread makes all {number} calls, one after another. "
            "What if each call had a thread of its own?"
        )
    return (
        "The event loop was free, but peak in flight 1: each call waited for the one before it, "
        "which is the mistake of lesson 14. Start all of them, then await."
    )


def _what_holds(line, why):
    if why.call in RESULTS + THREADS:
        what = "its result" if why.call in RESULTS else "that thread"
        return (
            f"the call is made elsewhere, but {line} waits for {what} on the event loop's own thread "
            f"({why.call}), so nothing else can begin. What can be awaited instead?"
        )
    if why.yields:
        return (
            f"`asyncio.sleep(0)` gives the event loop a turn, but none during the call: {line} "
            f"still holds the loop{_with(why)}. Where can the call wait instead?"
        )
    if why.task not in (*NOBODYS, why.function) and why.function.isidentifier():
        return (
            f"{line} waits on the event loop's own thread{_with(why)}. A function around it, `{why.function}`, "
            "`async def` or not, does not change what the call does. Who can wait without holding the loop?"
        )
    return (
        f"{line} holds the event loop until the answer has come{_with(why)}. `async def` does not make its body "
        "asynchronous. Who can wait without holding the loop?"
    )


def _with(why):
    return f" ({why.call})" if why.call else ""


def _same(levels, expected):
    assert isinstance(levels, dict), (
        f"The stock is {_kind(levels)}, not a dictionary: what was never awaited?"
    )
    for supplier, right in expected.items():
        assert supplier in levels, f"Supplier {supplier} is missing."
        level = levels[supplier]
        assert isinstance(level, dict), (
            f"Supplier {supplier} has {_kind(level)}, not its stock: what was never awaited?"
        )
        owner = next((other for other, its in expected.items() if its == level), None)
        assert level == right, (
            f"Supplier {supplier} has the stock of supplier {owner}: in which order do your results come?"
            if owner
            else f"The stock of supplier {supplier} is not what the supplier answers. Is it from an earlier run?"
        )
    assert len(levels) == len(expected), f"{len(levels)} suppliers came back, {len(expected)} were asked for."


def _same_answer(answer, supplier, shop):
    assert isinstance(answer, dict), (
        f"A look-up got {_kind(answer)}, not a dictionary: what was never awaited?"
    )
    level = answer.get("levels")
    assert not asyncio.iscoroutine(level) and not asyncio.isfuture(level), (
        f"A look-up got {_kind(level)} for its levels: what was never awaited?"
    )
    right = {"type": "stock", "supplier": supplier, "levels": shop.data.stock(supplier)["levels"]}
    assert answer == right, (
        f"The look-up at supplier {supplier} did not get what the supplier answers. "
        "Is it another look-up's answer, or one of an earlier run?"
    )


def _kind(thing):
    name = type(thing).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


async def _count_clients(ask):
    with ExitStack() as stack:
        made = [
            stack.enter_context(count_calls(name)) for name in CLIENTS if name.split(".")[0] in sys.modules
        ]
        await ask()
    return sum(calls.count for calls in made)
