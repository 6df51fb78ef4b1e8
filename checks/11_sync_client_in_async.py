"""A synchronous client in async code: each call holds the event loop until its answer has come."""

import asyncio
import http.client
import inspect
import sys
from collections import Counter
from contextlib import ExitStack

from kettle.checking import Question
from kettle.checking.held_calls import explain, hold_calls
from kettle.probes.calls import count_calls
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

WAITS = (
    "time.sleep", "Future.result", "concurrent.futures.wait", "Thread.join", "Lock.acquire", "Event.wait", "Queue.get",
)  # fmt: skip
RESULTS = ("Future.result", "Future.exception", "AsyncResult.get")
THREADS = ("Thread.join", "Lock.acquire", "Event.wait", "Queue.get", "ThreadPoolExecutor.shutdown")
CLIENTS = (
    "aiohttp.client:ClientSession.__init__",
    "httpx._client:AsyncClient.__init__",
    "requests.sessions:Session.__init__",
)
LOOPS = {  # what asyncio and its clients raise, and what it means
    ("cannot be called from a running event loop", "already running", "while another loop is running"): (
        "A loop runs already; `asyncio.run` and `run_until_complete` cannot start one inside it. "
        "Await the coroutine instead."
    ),
    ("no running event loop", "no current event loop"): (
        "This thread has no event loop: what belongs to asyncio is called on the loop's thread."
    ),
    ("a different loop", "a different event loop", "Event loop is closed", "Timeout context manager"): (
        "Something of yours belongs to another event loop than the one that uses it. "
        "A client belongs to the loop that it was made in: can it be made inside the function?"
    ),
}
NOBODYS = ("", "main", "_await")  # steps of the task that runs a check
PATIENCE = 3.0  # seconds; paid by wrong answers only
LATENCY = 0.4  # seconds that a call takes while waits on the loop's own thread are looked for
SIX = 6  # look-ups at once
TOGETHER = 4  # calls that must be in flight at once: the smallest default pool of to_thread has 5 threads


async def check_same_stock(stock_of, shop, rng):
    """The stock is what it was before."""
    shop.set("stock", latency=0.02, jitter=0.04)  # answers come in another order than they were asked for
    seven = rng.sample(shop.data.suppliers, 7)
    for suppliers in (seven[3:4], seven):
        async with shop.traffic() as traffic:
            levels = await _asked(stock_of(shop.url, list(suppliers)))
        asked = [call.path for call in traffic.of("stock")]
        _no_other(asked, suppliers)
        _same(levels, {supplier: shop.data.stock(supplier) for supplier in suppliers})
        number = len(suppliers)
        assert len(asked) == number, (
            f"{_count(number, 'supplier')} to ask, and {_count(len(asked), 'call')}. "
            + ("Is an answer remembered? Stock changes." if len(asked) < number else "Each once, please.")
        )


async def check_calls_overlap_and_the_loop_lives(stock_of, shop, rng, notes):
    """The calls are in flight together, and the event loop lives meanwhile."""
    for number in (5, 9):
        suppliers = rng.sample(shop.data.suppliers, number)

        async def ask(suppliers=suppliers):
            return await _asked(stock_of(shop.url, list(suppliers)))

        seen = await hold_calls(ask, shop, "stock", TOGETHER, patience=PATIENCE)
        _raise(seen)
        if not seen.met:
            shop.set("stock", latency=LATENCY / 3)
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
    """Nothing sleeps on the event loop, or waits there for a socket or a thread."""
    shop.set(latency=LATENCY)
    for number in (4, 1):
        suppliers = rng.sample(shop.data.suppliers, number)
        with watch_loop(explain=True) as loop:
            await _asked(stock_of(shop.url, list(suppliers)))
        assert not (waited := _waited(loop)), (
            f"With {_count(number, 'call')} under way, {waited}: nobody else is served meanwhile. "
            "What does the same without holding the loop?"
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
        for times in (1, 4):
            shop.set("stock", latency=times * LATENCY)
            why = await explain(look_up)
            if why.call or not seen.lived:
                break  # else look longer: on a busy machine the call may end before anybody waits for it
        raise AssertionError(_no_ping(seen, why))
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
    if seen.met and len(calls) == 2 and calls[1].started >= calls[0].ended:
        notes.append("Look-ups wait for each other, since they share one connection. The pings do not wait.")


async def check_exercise_many_look_ups(on_message, LarderClient, shop, rng):  # noqa: N803
    """Many look-ups at once get an answer each, and the right one."""
    shop.set("stock", latency=0.02, jitter=0.04)
    larder, suppliers = LarderClient(shop.url), rng.sample(shop.data.suppliers, SIX)
    asked = (on_message(larder, {"type": "stock", "supplier": supplier}) for supplier in suppliers)
    try:
        async with asyncio.timeout(4 * PATIENCE):
            answers = await asyncio.gather(*asked, return_exceptions=True)
    except TimeoutError:
        raise AssertionError(
            f"{SIX} look-ups at once, and after {4 * PATIENCE:.0f} s not all of them were answered. What do they wait for?"
        ) from None
    for supplier, answer in zip(suppliers, answers, strict=True):
        assert not isinstance(answer, BaseException), (
            f"{SIX} look-ups at once: one of them failed with {type(answer).__name__}. How can they be kept apart?"
        )
        _same_answer(answer, supplier, shop)


async def check_exercise_nothing_waits_on_the_loop(on_message, LarderClient, shop, rng):  # noqa: N803
    """No look-up waits on the event loop, alone or beside another one."""
    shop.set(latency=LATENCY)
    for number in (1, 2):
        larder, suppliers = LarderClient(shop.url), rng.sample(shop.data.suppliers, number)
        with watch_loop(explain=True) as loop:
            await asyncio.gather(*(on_message(larder, {"type": "stock", "supplier": s}) for s in suppliers))
        assert not (waited := _waited(loop)), (
            f"With {_count(number, 'look-up')} under way, {waited}, and pings wait with it. Where can it wait instead?"
        )


# --- what the checks share


def _raise(seen):
    """Raise what an answer raised, unless what the shop saw is the better message."""
    if seen.error and (seen.met or seen.together == 0 or isinstance(seen.error, AssertionError)):
        raise seen.error


async def _asked(answer):
    """Await an answer; say what is wrong when it has the wrong event loop, or none."""
    try:
        return await answer
    except RuntimeError as error:
        for told, sentence in LOOPS.items():
            if any(words in str(error) for words in told):
                raise AssertionError(sentence) from None
        raise


def _waited(loop):
    """Tell what waited on the loop's own thread for too long in all; return "" if nothing did."""
    seconds = Counter()
    for call in loop.blocking:
        if call.call in WAITS or call.call.startswith("socket."):
            seconds[call.call, call.source] += call.seconds
    for (call, source), most in seconds.most_common():
        if call == "time.sleep" or most > LATENCY / 4:
            return f"`{source}` ({call}) waited on the event loop's own thread"
    return ""


def _no_other(paths, suppliers):
    """Raise if one supplier was asked in the place of another."""
    asked = Counter(int(path.split("/")[2]) for path in paths)
    often = next((supplier for supplier in asked if asked[supplier] > 1), None)
    never = next((supplier for supplier in suppliers if supplier not in asked), None)
    if often is not None and never is not None:
        times = "twice" if asked[often] == 2 else f"{asked[often]} times"
        raise AssertionError(
            f"Supplier {often} was asked {times} and supplier {never} never: "
            "which value has your loop's variable when the call is made?"
        )


def _why_not(seen, number, why):
    if seen.lived and 1 < seen.together < (TOGETHER if why.call else number):
        return (
            f"Of {number} calls at most {seen.together} were in flight together, though the event loop was free. "
            "What do the others wait for?"
        )
    if seen.lived and seen.together <= 1:
        return _in_turn(number, why)
    line = f"`{why.source}`" if why.source else "something"
    if seen.together > 1:
        return (
            f"{seen.together} of {number} calls were in flight together, but the event loop showed no life while "
            f"the shop held them: {line} waits on the loop's own thread{_with(why)}. Who else is served meanwhile?"
        )
    return "Peak in flight 1: " + _what_holds(line, why)


def _no_ping(seen, why):
    if seen.lived and not why.call:
        return (
            f"{EXERCISE_MISTAKE}. The event loop was free, but the ping waited for the look-up: "
            "what do the two share (a lock, a thread, a queue)?"
        )
    line = f": `{why.source}` in `{why.function}` holds the event loop{_with(why)}" if why.source else ""
    task = f" A task around it, `{why.task}`, does not change that." if why.task not in NOBODYS else ""
    return (
        f"No ping was answered while the shop held a look-up{line}.{task} "
        "Where can the look-up wait, so that the loop is free?"
    )


def _in_turn(number, why):
    if why.one_job:
        return (
            f"The event loop was free, but peak in flight 1: one thread makes all {number} calls, one after another. "
            "What if each call had a thread of its own?"
        )
    return (
        "The event loop was free, but peak in flight 1: each call waited for the one before it. "
        "Is each awaited before the next is started, as in lesson 14? "
        "Or does something let only one through at a time: a pool of one thread, a lock, a limit?"
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
        f"The stock is {_kind(levels)}, not a dictionary: {_how(levels, 'a dictionary from supplier to levels')}"
    )
    for supplier, answer in expected.items():
        assert supplier in levels, f"Supplier {supplier} is missing."
        level, right = levels[supplier], answer["levels"]
        assert isinstance(level, dict), (
            f"Supplier {supplier} has {_kind(level)}, not its stock: {_how(level, 'a dictionary from item to level')}"
        )
        assert level.get("levels") != right, (
            f"Supplier {supplier} has the whole answer; as merged it was its `levels` only."
        )
        owner = next((other for other, its in expected.items() if its["levels"] == level), None)
        assert level == right, (
            f"Supplier {supplier} has the stock of supplier {owner}: in which order do your results come?"
            if owner
            else f"The stock of supplier {supplier} is not what the supplier answers. Is it from an earlier run?"
        )
    assert len(levels) == len(expected), f"{len(levels)} suppliers came back, {len(expected)} were asked for."


def _same_answer(answer, supplier, shop):
    assert isinstance(answer, dict), (
        f"A look-up got {_kind(answer)}, not a dictionary: {_how(answer, 'a dictionary')}"
    )
    right = {"type": "stock", "supplier": supplier, "levels": shop.data.stock(supplier)["levels"]}
    assert answer.keys() == right.keys(), (
        f"A look-up's answer has the keys {', '.join(map(str, answer)) or '(none)'}; as merged: {', '.join(right)}."
    )
    level = answer["levels"]
    assert isinstance(level, dict), (
        f"A look-up got {_kind(level)} for its levels: {_how(level, 'a dictionary from item to level')}"
    )
    assert answer == right, (
        f"The look-up at supplier {supplier} did not get what the supplier answers. "
        "Is it another look-up's answer, or one of an earlier run?"
    )


def _how(thing, merged):
    """Return what may have gone wrong where something else came than a dictionary."""
    if inspect.isawaitable(thing):
        return "what was never awaited?"
    if thing is None:
        return "is a `return` missing?"
    if isinstance(thing, BaseException):
        return f"it failed with {type(thing).__name__}: {thing}, and the error was kept as an answer."
    return f"as merged it was {merged}."


def _count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


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
