"""Ten thousand at once: everything is started together, and the other side or a default decides what happens."""

import asyncio
import inspect
import math
import threading
import time
from collections import deque
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

import aiohttp

from kettle.checking import Question
from kettle.probes.engines.stand_in import tapped
from kettle.probes.tasks import watch_tasks

MISTAKE = "nothing made any of them wait for its turn"
EXERCISE_MISTAKE = "nothing held any of them back"

HINTS = (
    "Look at the picture: which of the two curves stops at the number that the supplier takes? What does `limit` do?",
    "A limit on calls has to be one thing that all calls share, and each call has to hold its place in it "
    "from before it is sent until it has been answered or has failed.",
    "`gate = asyncio.Semaphore(limit)` once, and `async with gate:` around each `fetch`, inside the function that "
    "`gather` is given many times. Or: `limit` workers that share one iterator over the items.",
    "`waiting = iter(items)`, then `async def work(): …  for item in waiting: …` with the try and the except "
    "inside the loop, and `await asyncio.gather(*(work() for _ in range(limit)))`.",
)

EXERCISE_HINTS = (
    "Look at the picture: how many tasks are at the pool, and how many connections has it?",
    "The pool limits connections, not those who want one. Whoever waits at the pool has a clock running; "
    "whoever has not asked yet has none.",
    "`asyncio.Semaphore(pool.size)` around each letter, or `pool.size` workers that share one iterator.",
    "`waiting = iter(customers)`, then `async def work(): …  for customer in waiting: written[customer] = "
    "await letter(pool, customer)`, and in the group `group.create_task(work())`, `pool.size` times.",
)

RECALL = (
    Question(
        "`async with gate: await asyncio.gather(*calls)` with `gate = asyncio.Semaphore(20)`. How many calls are "
        "in flight at once?",
        ("At most 20", "All of them", "One"),
        1,
        "The gate is passed once, by the gather. To count calls it has to stand inside each of them.",
    ),
    Question(
        "A semaphore of 50 stands inside each of 10,000 calls that `gather` is given. How many tasks are alive?",
        ("50", "10,000", "51"),
        1,
        "All tasks are made at once, and most of them wait at the gate. Fifty workers with one iterator make fifty.",
    ),
    Question(
        "A default aiohttp session is given 1,000 calls to one host at once. How many connections does it open?",
        ("1,000", "100", "1"),
        1,
        "Its connector has a limit of 100 by default; the other calls queue inside it.",
    ),
)

SUPPLIER = 7
ROUTE = "catalogue"
MANY = 150  # items, or letters: more than a large number of workers
PATIENCE = 2.5  # seconds; paid by wrong answers only
HELD = 0.2  # seconds that calls are held when as many as the limit are there: would one more come?
STILL = 1.501  # seconds; a run that has not moved for two of them does not any more; odd, so that it is told from others


# --- the lesson


async def check_same_index(reindex, shop, rng):
    """The index holds what it held before."""
    shop.set(ROUTE, latency=0.005, jitter=0.03)  # answers come in another order than they were asked for
    for number, limit in ((30, rng.randint(3, 6)), (2, 5), (0, 5)):
        items = rng.sample(shop.data.items, number)
        index, traffic = await _indexed(reindex, shop, items, limit)
        _same_index(index, _records(shop, items), traffic)


async def check_failures_stay_alone(reindex, shop, rng):
    """An item that fails is None, and costs no other item its turn."""
    for limit, broken in ((rng.randint(2, 3), None), (rng.randint(5, 7), 10_000)):
        good = rng.sample(shop.data.items, 3 * limit)
        bad = [10_000 + number for number in range(limit + 2)]  # the shop has no such items
        items = [*good[:limit], *rng.sample(bad + good[limit:], len(bad) + 2 * limit)]
        try:
            index, traffic = await _indexed(reindex, shop, items, limit, broken=broken)
        except Exception as error:
            if not _is_of(error, aiohttp.ClientError):
                raise
            assert not _is_of(error, aiohttp.ServerDisconnectedError), (
                "The connection of one call broke, and the whole run ended with "
                f"{type(error).__name__}, without an index. Which failures are caught, and which are not?"
            )
            raise AssertionError(
                f"{len(bad)} of {len(items)} items failed, and the whole run ended with {type(error).__name__}, "
                "without an index. Where is a failed call caught?"
            ) from None
        _same_index(index, _records(shop, items), traffic)
    return f"{len(bad)} calls failed, and the other {len(good)} items were indexed."


async def check_as_many_as_the_limit(reindex, shop, rng):
    """As many calls are in flight as the limit says, and never one more."""
    shop.set(ROUTE, latency=0.06)
    seen = []
    for limit in (rng.randint(3, 5), rng.randint(8, 12)):
        look = await _look(reindex, shop, rng, limit)
        assert look.peak > 1, _too_few(look)
        seen.append(look)
    peaks = [look.peak for look in seen]
    if peaks[0] == peaks[1] and not all(look.gate.widest == look.limit for look in seen):
        third = await _look(reindex, shop, rng, rng.randint(14, 18))
        assert third.peak != peaks[0], _constant(seen)
    seen.append(await _look(reindex, shop, rng, 1, number=8))
    wide = next((look for look in seen if look.peak > look.limit), None)
    if wide and not wide.gate.made:
        # Would all come at once, of more items too? A busy machine takes its time to send them.
        wider = await _look(reindex, shop, rng, wide.limit, number=MANY, wait_for_all=True)
        wide = wider if wider.peak > wider.limit else wide
    assert not wide, _too_many(wide)
    for look in seen:
        assert look.peak == look.limit, _too_few(look)
        assert look.rounds[-1] >= look.limit, _no_place(look)
    return (
        f"With limits of {seen[0].limit} and {seen[1].limit}, at most {peaks[0]} and {peaks[1]} calls "
        "were in flight at once."
    )


async def check_others_get_their_turn(reindex, shop, rng):
    """While items are fetched, other code of the same program runs."""
    limit = 3
    meet = (ROUTE,) * limit + ("health",)
    items = rng.sample(shop.data.items, 12)
    async with shop.session() as other, shop.rendezvous(routes=meet, patience=PATIENCE) as meeting:
        run = asyncio.ensure_future(_indexed(reindex, shop, items, limit))
        while not meeting.arrived and not run.done():  # noqa: ASYNC110 (the shop has no event for it)
            await asyncio.sleep(0.01)
        async with other.get("/health"):
            pass
        await run
    assert meeting.met, (
        "While the calls were in flight, nothing else of the program could run: its event loop was held until "
        "they were answered. Is there a thread that is joined, a pool that is waited for, or a client that blocks?"
    )


async def check_what_is_held(reindex, shop, rng, notes):
    """What waits, and where."""
    limit, number = 5, 120
    shop.set(ROUTE, latency=0.002, jitter=0.02)
    items = rng.sample(shop.data.items, number)
    async with watch_tasks() as tasks:
        _, traffic = await _indexed(reindex, shop, items, limit)
    peak = traffic.peak(ROUTE)
    assert peak <= limit, (
        f"With a limit of {limit}, {peak} of {number} calls were in flight at once. What lets so many in?"
    )
    alive = tasks.peak - 1  # one is the run itself
    if alive >= number:
        notes.append(
            f"{alive} tasks were alive at once for {number} items and a limit of {limit}: the calls are limited, "
            "the tasks are not. For ten thousand items all of them are in memory; "
            f"{limit} workers that share one iterator would do."
        )
    if _drained(traffic) == math.ceil(number / limit) - 1:
        notes.append(
            f"The supplier had nothing to do {_drained(traffic)} times in between: each batch waits for the slowest "
            "of its calls before the next one starts. A gate or workers would fill each place at once."
        )
    return f"For {number} items with a limit of {limit}, at most {alive} tasks were alive at once."


async def interest_refusals(as_merged, reindex, shop, rng):
    """What a supplier that refuses has to say."""
    allowed = 8
    shop.set(ROUTE, latency=0.01, max_in_flight=allowed)
    items = rng.sample(shop.data.items, 150)
    refused = []
    for version in (as_merged, reindex):
        async with shop.session() as api:
            index = await version(api, list(items), allowed)
        refused.append(sum(record is None for record in index.values()))
    return (
        f"Of {len(items)} calls to a supplier that takes {allowed} at once, {refused[0]} were refused as merged, "
        f"and {refused[1]} are now."
    )


# --- the exercise: a pool that has a limit, and those who wait at it


async def check_exercise_same_letters(letters, rng):
    """The same letters are written."""
    for size, number in ((3, 17), (4, 2), (2, 0)):
        pool = _Pool(size)
        customers = rng.sample(range(1000, 100_000), number)
        _same_letters(await _written(letters, pool, customers), pool, customers)


async def check_exercise_nobody_waits(letters, rng):
    """Nobody waits at the pool, and all of its connections are used."""
    seen = []
    for size, times in ((rng.randint(3, 5), 5), (rng.randint(8, 12), 4)):
        pool, gate = await _look_at_pool(letters, rng, size, times * size + 3)
        assert not pool.shared, (
            f"A connection was asked while it was still answering, {pool.shared} times: it answers one query at a "
            "time. Who lends it to several letters?"
        )
        assert pool.most_in_use > 1, (
            f"At most 1 of {size} connections was in use at once: each letter waits for the one before it."
        )
        seen.append((pool, gate))
    at_once = [pool.most_waiting + pool.most_in_use for pool, _ in seen]
    if at_once[0] == at_once[1] > 1 and any(
        pool.most_waiting or pool.most_in_use < pool.size for pool, _ in seen
    ):
        raise AssertionError(
            f"With {seen[0][0].size} connections and with {seen[1][0].size}, at most {at_once[0]} letters were "
            "under way at once: that number does not come from the `pool.size` of the run. Where does it come from?"
        )
    for pool, gate in seen:
        if pool.most_waiting + pool.size >= pool.wanted and not gate.made:
            # would it be all of more letters, too?
            pool, gate = await _look_at_pool(letters, rng, pool.size, MANY)  # noqa: PLW2901
        assert not pool.most_waiting, _crowd(pool, gate)
        assert pool.most_in_use == pool.size, (
            f"At most {pool.most_in_use} of {pool.size} connections were in use at once. "
            "What do the other letters wait for?"
        )
        assert pool.rounds[-1] == pool.size, (
            f"All {pool.size} connections were in use at first, and only {pool.rounds[-1]} when these letters had "
            "been written. What gives a place to the next one?"
        )
    return (
        f"With {seen[0][0].size} and with {seen[1][0].size} connections, all were in use and nobody waited at the "
        "pool."
    )


async def check_exercise_what_is_held(letters, rng, notes):
    """What waits, and where."""
    number = 90
    pool = _Pool(5)
    async with watch_tasks() as tasks:
        await _written(letters, pool, rng.sample(range(1000, 100_000), number))
    alive = tasks.peak - 1  # one is the run itself
    if alive >= number:
        notes.append(
            f"{alive} tasks were alive at once for {number} letters: nobody waits at the pool, "
            f"and all are in memory. {pool.size} workers that share one iterator would do."
        )
    if pool.idle == math.ceil(number / pool.size) - 1:
        notes.append(
            f"The pool had nothing to do {pool.idle} times in between: each batch waits for the slowest of its "
            "letters before the next one starts."
        )
    return f"For {number} letters over {pool.size} connections, at most {alive} tasks were alive at once."


# --- running an answer: until it ends, or until nothing moves any more


async def _indexed(reindex, shop, items, limit, done=None, broken=None):
    """Run `reindex` with a session that has no limit of its own; return the index and the traffic."""
    options = {"connector": aiohttp.TCPConnector(limit=0), "trace_configs": [_breaking(broken)]}
    async with shop.traffic() as traffic, shop.session(**options) as api:

        def seen():
            requests = traffic.requests
            return len(requests), sum(not request.finished for request in requests)

        before = asyncio.all_tasks()
        index = await _ended(reindex(api, list(items), limit), seen)
        if done is not None:
            done.set()
        if isinstance(index, _Stuck):
            _say_stuck(traffic, items)
        await _none_left(before)
    return index, traffic


def _breaking(item):
    """Break the connection of the call for one item, as its client sees it."""

    async def end(session, context, params):
        if params.url.path == _path(item):
            raise aiohttp.ServerDisconnectedError

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(end)
    return trace


async def _none_left(before):
    for _ in range(3):  # tasks that are just ending may end
        await asyncio.sleep(0)
    left = len(asyncio.all_tasks() - before)
    assert not left, (
        f"{left} {'task was' if left == 1 else 'tasks were'} still there when your function had returned. "
        "Who awaits them, or ends them?"
    )


@dataclass(frozen=True)
class _Stuck:
    """An answer that did not move any more."""


async def _ended(answer, seen):
    """Await an answer; give up when for two looks in a row nothing has come and nothing is under way."""
    if not inspect.isawaitable(answer):
        raise AssertionError(f"The call gives {_kind(answer)} that cannot be awaited. Was the `async` lost?")
    run = asyncio.ensure_future(answer)
    last, same = None, 0
    try:
        while same < 2:
            await asyncio.wait([run], timeout=STILL)
            if run.done():
                return await run
            now = seen()
            same = same + 1 if now == last and not now[1] else 0
            last = now
        return _Stuck()
    except RuntimeError as error:
        assert "different event loop" not in str(error), (
            "A gate or a queue made outside of the function belongs to the event loop that first waited at it, "
            "and it was used in another one. Can it be made where the limit is known?"
        )
        raise
    finally:
        run.cancel()
        await asyncio.wait([run], timeout=1)


def _say_stuck(traffic, items):
    asked = {request.path for request in traffic.of(ROUTE)}
    failed = sum(request.status != 200 for request in traffic.of(ROUTE))
    left = sum(_path(item) not in asked for item in items)
    assert asked, (
        "The run stands still, and no item was ever asked for. What is waited for before the first call?"
    )
    raise AssertionError(
        f"The run stands still: {len(asked)} items were asked for, {failed} of them failed, "
        f"and {left} were never asked for. "
        + (
            "When a call fails, what gives its place to the next one?"
            if failed
            else "When a call has ended, what gives its place to the next one?"
        )
        if left
        else f"The run stands still, though all {len(items)} items were asked for and answered. "
        "What is it waiting for, and who is to wake it?"
    )


@dataclass(frozen=True)
class _Look:
    """What one run looked like from the shop, and which gates it had."""

    limit: int
    number: int
    asked: int
    peak: int
    gate: object
    rounds: list


async def _look(reindex, shop, rng, limit, number=None, wait_for_all=False):
    """Hold the first calls at the shop and see how many come; some of them fail when they are let go."""
    good = rng.sample(shop.data.items, number or 5 * limit + 3)
    items = [10_000, *good[: 2 * limit], 10_001, 10_002, *good[2 * limit :]]
    shop.set(ROUTE, hang="first byte")
    with _gates() as gate:
        async with shop.traffic() as window:
            done = threading.Event()
            # A thread, because an answer that blocks would hold whatever runs on this loop.
            rounds = []
            until = len(items) if wait_for_all else limit
            holder = threading.Thread(
                target=_hold, args=(shop, window, until, gate, done, rounds), daemon=True
            )
            holder.start()
            try:
                _, traffic = await _indexed(reindex, shop, items, limit, done)
            finally:
                done.set()
                holder.join(PATIENCE)
    asked = len({request.path for request in traffic.of(ROUTE)})
    return _Look(limit, len(items), asked, traffic.peak(ROUTE), gate, rounds)


def _hold(shop, window, until, gate, done, rounds):
    """Let held calls go, twice, when as many as are waited for have come and have been held for a while, or patience has ended.

    First they are held before an answer has begun, then in its midst: those who came when the first had gone.
    """
    before = 0
    for then in ("mid body", None):
        # nobody comes before those that are held have gone, if the limit is kept
        most, since = 0, time.monotonic()
        while most < until and time.monotonic() - since < PATIENCE and not done.wait(0.01):
            now = len(window.of(ROUTE)) - before
            if now > most:
                most, since = now, time.monotonic()
        while not done.wait(0.02) and time.monotonic() - since < gate.longest_wait:
            pass
        rounds.append(most)
        before = len(window.of(ROUTE))
        hang = then if most >= until else None
        shop.set(ROUTE, hang=hang)
        if hang is None:
            return


class _Gates:
    """What one run did with semaphores, and how long it slept."""

    def __init__(self, slept):
        self._slept = slept
        self._widths, self._passed, self._released = {}, [], []

    def make(self, gate, value=1, **_):
        self._widths[gate] = value

    def pass_(self, gate):
        self._passed.append(gate)

    def release(self, gate):
        self._released.append(gate)

    @property
    def made(self):
        return len(self._widths)

    @property
    def passed(self):
        return sum(gate in self._widths for gate in self._passed)

    @property
    def released(self):
        # an earlier run may still give back what is its own
        return sum(gate in self._widths for gate in self._released)

    @property
    def widest(self):
        return max(self._widths.values(), default=0)

    @property
    def longest_wait(self):
        """Seconds to hold calls: longer than anybody sleeps in the hope that they will have ended."""
        return min(max(HELD, 2 * self._slept[0]), PATIENCE)


@contextmanager
def _gates():
    longest = [0]
    gates = _Gates(longest)

    def listen(seconds):
        def note(args, kwargs):
            heard = seconds(*args, **kwargs) or 0
            if heard < PATIENCE:  # a longer one will not end while calls are held
                longest[0] = max(longest[0], heard)

        return note

    with (
        tapped(asyncio.Semaphore.__init__, lambda args, kwargs: gates.make(*args, **kwargs)),
        tapped(asyncio.Semaphore.acquire, lambda args, _: gates.pass_(*args)),
        tapped(asyncio.Semaphore.release, lambda args, _: gates.release(*args)),
        tapped(asyncio.sleep, listen(lambda delay=0, *_, **__: delay)),
        tapped(asyncio.wait, listen(_wait)),
        tapped(asyncio.wait_for, listen(_wait_for)),
        tapped(asyncio.BaseEventLoop.call_later, listen(_call_later)),
        _timeouts(listen(lambda seconds: seconds)),
    ):
        yield gates


def _wait(*_, timeout=None, **__):
    return timeout if timeout != STILL else 0  # our own look at the run


def _wait_for(fut, timeout=None, **_):
    return timeout if "Semaphore.acquire" in getattr(fut, "__qualname__", "") else 0


def _call_later(loop, delay, callback, *_, **__):
    return delay if "Semaphore.release" in getattr(callback, "__qualname__", "") else 0


@contextmanager
def _timeouts(note):
    """Tell how long an `asyncio.timeout` is that ends with a place taken in it: it is for the wait, not for the call."""
    # by task: the timeout that it entered last, and the one in which it came to a gate
    entered, asked = {}, {}

    def leave(args, _):
        if asked.get(_task()) is args[0] and args[0].when():
            note((args[0].when() - asyncio.get_running_loop().time(),), {})

    with (
        tapped(asyncio.Timeout.__aenter__, lambda args, _: entered.update({_task(): args[0]})),
        tapped(asyncio.Semaphore.acquire, lambda args, _: asked.update({_task(): entered.get(_task())})),
        tapped(asyncio.Semaphore.release, lambda args, _: asked.pop(_task(), None)),
        tapped(asyncio.Timeout.__aexit__, leave),
    ):
        yield


def _task():
    with suppress(RuntimeError):  # in a thread without a loop
        return asyncio.current_task()


# --- what is said


def _constant(seen):
    return (
        f"With a limit of {seen[0].limit} and with one of {seen[1].limit}, at most {seen[0].peak} calls were in flight "
        "at once: that number does not come from the `limit` of the run. Where does it come from?"
    )


def _too_many(look):
    said = f"With a limit of {look.limit}, {look.peak} of {look.number} calls were in flight at once"
    why = _why_open(look.gate, look.number, look.limit)
    if why:
        return f"{said}: {why}"
    if look.peak == look.limit + 1:
        return f"{said}: one more than the limit. Who else fetches, or which comparison lets one more in?"
    if look.peak < look.number:
        return f"{said}. What lets so many in? Is there a number larger than the limit, or a wait that ends too early?"
    return f"{said}: {MISTAKE}. Where would a call wait, and for what?"


def _too_few(look):
    if look.peak == 1:
        return f"At most 1 call was in flight at once with a limit of {look.limit}: each waits for the one before it."
    if look.peak == look.limit - 1:
        return (
            f"With a limit of {look.limit}, at most {look.peak} calls were in flight at once: one fewer than the "
            "limit. Which place is never taken?"
        )
    return (
        f"With a limit of {look.limit}, at most {look.peak} calls were in flight at once, with work left for more. "
        "What do the others wait for?"
    )


def _no_place(look):
    if look.asked < look.number:
        return (
            f"With a limit of {look.limit}, {look.number - look.asked} of {look.number} items were never asked for when "
            "the first calls took long. Who gives up an item that waits for its turn?"
        )
    return (
        f"With a limit of {look.limit}, {look.rounds[0]} calls were in flight at once at first, and only "
        f"{look.rounds[-1]} when these had ended, with work left for more. What gives a place to the next one?"
    )


def _why_open(gate, number, limit):
    """Say why semaphores did not hold calls back, or nothing where they tell nothing."""
    if gate.made >= number:
        return (
            f"{gate.made} semaphores were made, a new one for each. A gate that nobody shares stops nobody."
        )
    if gate.made and gate.widest > limit:
        return f"the semaphore was made to let {gate.widest} in. Which number belongs there?"
    if gate.made > 1:
        return f"{gate.made} semaphores were made, and each counts only those who pass it. Which one do all calls share?"
    if gate.made and not gate.passed:
        return "a semaphore was made, and nobody passed it. Is it awaited, or entered?"
    if gate.made and gate.passed < number:
        times = "once" if gate.passed == 1 else f"{gate.passed} times"
        return f"the semaphore was passed {times}. What does it have to stand around?"
    if gate.made and gate.released > gate.passed:
        return (
            f"the semaphore was passed {gate.passed} times and released {gate.released} times. "
            "Who gives a place back twice?"
        )
    if gate.made:
        return (
            "each came to the semaphore, but not every call was inside its block from beginning to end. "
            "Which lines belong there?"
        )
    return ""


def _crowd(pool, gate):
    waiting = f"{pool.most_waiting} tasks waited" if pool.most_waiting > 1 else "1 task waited"
    said = f"{waiting} at the pool at once, for its {pool.size} connections"
    at_once = pool.most_waiting + pool.size >= pool.wanted
    if pool.asked > pool.wanted and not at_once:
        return (
            f"{said}: it was asked {pool.asked} times for {pool.wanted} letters. "
            "Who asks more than once, or for something else?"
        )
    why = _why_open(gate, pool.wanted, pool.size)
    if why:
        return f"{said}: {why}"
    if at_once:
        return f"{said}: all {pool.wanted} asked for one at once, and {EXERCISE_MISTAKE}."
    return f"{said}. How many letters may be under way at once?"


def _same_index(index, expected, traffic):
    assert isinstance(index, dict), f"The index is {_kind(index)}, not a dictionary: what was never awaited?"
    for item, record in index.items():
        assert not asyncio.iscoroutine(record) and not asyncio.isfuture(record), (
            f"Item {item} has {_kind(record)} in the index, not its record: what was never awaited?"
        )
    asked = [request.path for request in traffic.of(ROUTE)]
    never = [item for item in expected if asked.count(_path(item)) == 0]
    missing = [item for item in expected if item not in index]
    assert not (missing and never), (
        f"{len(missing)} of {len(expected)} items are not in the index, and {len(never)} were never asked for. "
        "Which ones are left out, and did somebody stop who should have gone on?"
    )
    assert not missing, (
        f"{len(missing)} of {len(expected)} items were asked for and are not in the index; "
        "one that failed belongs there as None. Where are they lost?"
    )
    failed = sum(request.status != 200 for request in traffic.of(ROUTE))
    assert not never, f"{len(never)} of {len(expected)} items were never asked for" + (
        f", and {failed} calls had failed. What else does a failed call stop?"
        if failed
        else ". Is the index from an earlier run?"
    )
    twice = [item for item in expected if asked.count(_path(item)) > 1]
    assert not twice or any(expected[item] for item in twice), (
        f"{len(twice)} items that failed were asked for more than once: each one once a night. "
        "The next night asks again for what is None."
    )
    assert not twice, (
        f"{len(twice)} of {len(expected)} items were asked for more than once: each one once a night. "
        "Who else takes them?"
    )
    extra = [item for item in index if item not in expected]
    assert not extra, f"{len(extra)} things are in the index that were no items, such as {extra[0]!r}."
    for item, record in index.items():
        _same_record(item, record, expected)


def _same_record(item, record, expected):
    if record == expected[item]:
        return
    assert expected[item] is not None, (
        f"Item {item} failed and has {_kind(record)} in the index instead of None. How will the next night know?"
    )
    assert record is not None, f"Item {item} is None in the index, and the supplier did answer."
    owner = next((other for other, theirs in expected.items() if theirs == record), None)
    assert owner is None, f"Item {item} has the record of item {owner}: in which order do your results come?"
    raise AssertionError(f"The record of item {item} is not what the supplier answered.")


def _records(shop, items):
    return {item: shop.data.catalogue(SUPPLIER, item) for item in items}


def _path(item):
    return f"/suppliers/{SUPPLIER}/items/{item}"


def _drained(traffic):
    """Count how often a call started when, after some, none was in flight."""
    moments = sorted(
        (at, step) for call in traffic.of(ROUTE) for at, step in ((call.started, 1), (call.ended, -1))
    )
    now = drained = 0
    for _, step in moments[:-1]:
        now += step
        drained += now == 0
    return drained


def _is_of(error, kind):
    if isinstance(error, BaseExceptionGroup):
        return any(_is_of(each, kind) for each in error.exceptions)
    return isinstance(error, kind)


def _kind(thing):
    name = type(thing).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


# --- a pool that keeps books, without a clock: it waits for as long as it takes


class _Pool:
    """Lends connections, and counts who waits; `hold`: its first queries wait until all connections are used."""

    def __init__(self, size, hold=False, wanted=0):
        self.size, self.patience, self.wanted = size, 60.0, wanted
        self.asked = self.served = self.waiting = self.most_waiting = self.in_use = self.most_in_use = 0
        self.idle = self.shared = 0
        self.home, self.held = asyncio.get_running_loop(), False
        self.gate = None
        self.names = {}
        self.lends = self._size = size
        self._queue, self._free = deque(), _Free(self)
        self._round, self._held, self.rounds = asyncio.Event(), 0, [0] if hold else []
        if not hold:
            self._round.set()

    async def take(self):
        self.asked += 1
        if self.in_use >= self._size:
            turn = asyncio.get_running_loop().create_future()
            self._queue.append(turn)
            self._count_waiting()
            try:
                await turn  # whoever gives back hands over
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._give_back()
                raise
            finally:
                self._count_waiting()
            return _Connection(self)
        self.idle += self.in_use == 0 and self.served > 0
        self.in_use += 1
        self.most_in_use = max(self.most_in_use, self.in_use)
        return _Connection(self)

    @asynccontextmanager
    async def connection(self):
        connection = await self.take()
        try:
            yield connection
        finally:
            self._give_back()

    async def query(self, customer):
        if asyncio.get_running_loop() is not self.home and not self.held:
            alive = threading.Event()
            self.home.call_soon_threadsafe(alive.set)
            self.held = not await asyncio.to_thread(alive.wait, PATIENCE)
        round_ = self._round
        if not round_.is_set():
            self._held += 1
            self.rounds[-1] = self._held
            if self._held == self._size:
                self._hold_on(time.monotonic())
        try:
            async with asyncio.timeout(PATIENCE):
                await round_.wait()
        except TimeoutError:
            self._let_go(for_good=True)  # patience is paid once
        await asyncio.sleep(customer % 7 / 1000)
        self.served += 1
        return self.names.setdefault(customer, f"no. {hash((id(self), customer)) % 10**6}")

    def _hold_on(self, since):
        """Let queries go when all connections have been used for a while: would one more come?"""
        if time.monotonic() - since >= self.gate.longest_wait:
            self._let_go(for_good=len(self.rounds) == 2)
        else:
            asyncio.get_running_loop().call_later(0.02, self._hold_on, since)

    def _let_go(self, for_good):
        """Let those go who are held; the next ones are held again, unless it is for good."""
        self._round.set()
        if not for_good:
            self._round, self._held = asyncio.Event(), 0
            self.rounds.append(0)

    def _count_waiting(self):
        self.waiting = sum(not turn.done() for turn in self._queue)
        self.most_waiting = max(self.most_waiting, self.waiting)

    def _give_back(self):
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.in_use -= 1


class _Free:
    """What an answer may use of the queue of the notebook's pool: giving back, and looking how many are free."""

    def __init__(self, pool):
        self._pool = pool

    def put_nowait(self, connection):
        self._pool._give_back()

    async def put(self, connection):
        self._pool._give_back()

    def qsize(self):
        return self._pool._size - self._pool.in_use

    def empty(self):
        return self.qsize() == 0


class _Connection:
    """Answers through its pool, which counts; `busy` while it does."""

    def __init__(self, pool):
        self._pool, self._busy = pool, False

    async def name_of(self, customer):
        self._pool.shared += self._busy
        self._busy = True
        try:
            return await self._pool.query(customer)
        finally:
            self._busy = False


async def _written(letters, pool, customers):
    pool.wanted = len(customers)
    before = asyncio.all_tasks()
    written = await _ended(letters(pool, list(customers)), lambda: (pool.served, pool.in_use))
    assert not isinstance(written, _Stuck), (
        f"The run stands still: {pool.served} of {len(customers)} letters have a name, and no connection is in use. "
        "When a letter is written, what gives its place to the next one?"
    )
    await _none_left(before)
    assert not pool.held, (
        "While the letters were written, nothing else of the program could run: its event loop was held until "
        "they were done. Is there a thread that is joined, or a pool of threads that is waited for?"
    )
    assert pool.size == pool.lends, (
        f"`pool.size` was {pool.lends} and is {pool.size} now: that says how many connections there are, and makes none."
    )
    assert pool.asked or not customers, (
        "Nobody asked the pool that was given for a connection. Whose was used?"
    )
    return written


async def _look_at_pool(letters, rng, size, number):
    pool = _Pool(size, hold=True)
    with _gates() as gate:
        pool.gate = gate
        await _written(letters, pool, rng.sample(range(1000, 100_000), number))
    return pool, gate


def _same_letters(written, pool, customers):
    assert isinstance(written, dict), (
        f"The letters are {_kind(written)}, not a dictionary: what was never awaited?"
    )
    missing = [customer for customer in customers if customer not in written]
    assert not missing, f"{len(missing)} of {len(customers)} customers get no letter. Where are they lost?"
    extra = [customer for customer in written if customer not in customers]
    assert not extra, f"{len(extra)} letters go to nobody who was asked for, such as {extra[0]!r}."
    assert pool.served == len(customers), (
        f"{len(customers)} names were asked for {pool.served} times: each one once, in this run."
    )
    expected = {customer: f"Dear {pool.names[customer]}, your tea is on its way." for customer in customers}
    for customer, text in written.items():
        assert isinstance(text, str), (
            f"Customer {customer} gets {_kind(text)}, not a letter: what was never awaited?"
        )
        assert text == expected[customer], (
            f"The letter to customer {customer} is another one's: in which order do your results come?"
            if text in expected.values()
            else f"The letter to customer {customer} does not read as before."
        )
