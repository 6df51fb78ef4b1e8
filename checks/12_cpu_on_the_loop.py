"""CPU on the loop: CPU work blocks the event loop."""

import asyncio
import json
import os
import threading
from contextlib import nullcontext, suppress
from dataclasses import replace
from types import SimpleNamespace

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.bad_days import a_pool_breaks, one_hangs_up
from kettle.checking.left import has_ended
from kettle.checking.lives import HOW
from kettle.checking.same import Situation, Told
from kettle.checking.words import many
from kettle.probes.calls import count_calls
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import watch_leftovers
from kettle.probes.loop import watch_loop
from kettle.probes.ratio import compare_async
from kettle.probes.responsive import loop_shows_life
from kettle.probes.turns import COPIED, PICKLED, watch_turns
from kettle.probes.workers import has_gil, watch_workers
from kettle.shop.reader import Reader, read_together
from kettle.shop.thumbnails import ROWS, take_photo

MISTAKE = "on the event loop's own thread"
EXERCISE_MISTAKE = "were encoded between two turns of the event loop"
GONE = "The loop is free: worker processes make the thumbnails, and they live as long as the service."
EXERCISE_GONE = (
    "The loop gets its turns: it comes round before more than 500 orders of an export are encoded."
)

HINTS = (
    "Look at the picture: which lane holds the loop, and what do all the others do meanwhile?",
    "A coroutine gives way only where it waits. Work that never waits has to run where it has a GIL of its own: "
    "in another process. Starting a process costs far more than handing it work.",
    "`concurrent.futures.ProcessPoolExecutor` keeps worker processes; "
    "`await asyncio.get_running_loop().run_in_executor(pool, function, argument)` hands one of them work. "
    "At which point in the life of the service should the pool be opened, and where is it closed?",
    "`with ProcessPoolExecutor() as pool:` around both the `async def upload` and the `yield upload`; "
    "inside, `return await asyncio.get_running_loop().run_in_executor(pool, thumbnail, photo)`.",
)

EXERCISE_HINTS = (
    "Look at the numbers: how long does one call of `json.dumps` take, and how long would it take to pickle its argument?",
    "The payload is the work here: sending it to another process costs as much as encoding it, "
    "and one call of C code keeps the GIL in any thread. What is left is to make the pieces small.",
    "Encode slices, `orders[start : start + 500]`, and give way after each: `await asyncio.sleep(0)` does for sure, "
    "`await write(…)` only when its buffer is full.",
    '`await write("[")`; then for each slice `await write(", " if start else "")`, '
    '`await write(json.dumps(slice)[1:-1])`, `await asyncio.sleep(0)`; at the end `await write("]")`.',
)

RECALL = (
    Question(
        "A handler computes for a quarter of a second in pure Python. What does `asyncio.to_thread` change?",
        (
            "The work and the loop take turns at one lock, so that the loop goes on, haltingly",
            "The work runs on another core, beside the loop",
            "Nothing: it is an error",
        ),
        0,
        "A thread computes under the same GIL as the loop. Another process has a GIL of its own.",
    ),
    Question(
        "Where in a web service should a process pool be opened?",
        ("In the handler, so that it is closed at once", "Where the service starts", "At the first import"),
        1,
        "Starting processes costs far more than handing them work: one pool serves the service's whole life.",
    ),
    Question(
        "An `async def` encodes a huge list with one `json.dumps` in a thread. Why does the loop still stand still?",
        (
            "`json.dumps` cannot run in a thread",
            "One call of C code keeps the GIL until it is done",
            "Threads of asyncio run one at a time",
        ),
        1,
        "Only C code that says so lets the GIL go, such as zlib's or hashlib's; the encoder of JSON does not.",
    ),
)

GUESS = Question(
    "Inside an `async def`, a loop of pure Python computes for a second. What do the other coroutines do meanwhile?",
    ("They run on another core", "They take turns with it", "Nothing"),
    2,
    "A coroutine gives way only where it waits, and this one never waits.",
)

CLAIMS = (
    Claim(
        name="many_requests",
        said="“With work of 200 ms, a process pool took us from 47 to 412 requests a second.”",
        truth=DOES_NOT_HOLD,
        why="412 times 0.2 s is 82 cores, and one loop that computes 200 ms a request serves 5 a second, not 47. "
        "A pool gives at most as many times as there are free cores.",
        ids=("S2.11", "S2.7"),
    ),
    Claim(
        name="pool_in_handler",
        said="“Open it where it is used: `with ProcessPoolExecutor() as pool:` in the handler.”",
        truth=DOES_NOT_HOLD,
        why="It starts and ends processes for every request, and both hold the loop. One pool for the service's life does not.",
        ids=("S2.8", "S4.9"),
    ),
    Claim(
        name="fifty_ms",
        said="“Up to 50 ms on the loop is fine.”",
        truth=PARTLY,
        why="For one request alone. What counts is the sum: handlers that are ready together hold the loop one after another. "
        "Others say a few ms, asyncio's debug mode 100: give your quickest answer a budget instead.",
        ids=("S2.12", "S4.6"),
    ),
    Claim(
        name="threads_wait",
        said="“Threads for waiting, processes for computing.”",
        truth=PARTLY,
        why="C code that lets go of the GIL, such as zlib's, computes well in threads, and nothing has to be copied.",
        ids=("S2.10", "S2.6"),
    ),
)

EXCUSED = {}
EXERCISE_EXCUSED = dict.fromkeys(
    ("values", "order", "sharing", "freshness"), "it returns nothing: situations compare what is written"
)

PATIENCE = 2.5  # seconds; paid by wrong answers only
SIDE = 200  # pixels: from here on the lesson asks for work elsewhere
UPLOADS = 6  # at once, more than small pools have workers: what does the code do when all are busy?
CORES = min(os.cpu_count() or 1, len(getattr(os, "sched_getaffinity", lambda _: range(99))(0)))
CROWD, FIRST = 20, max(8, CORES)  # photos at once; the first ones keep all workers until the loop comes round
AFRESH_LIMIT = 14.0  # seconds for an upload where a worker process starts a Python of its own
STUCK, TAKEN = 10.0, "what does a damaged photo keep that the next one needs?"
# Calls that wait for work, and nothing on the loop's own thread should; not Event.wait: starting a thread waits, too.
WAITS = {"Future.result", "Future.exception", "concurrent.futures.wait", "AsyncResult.get", "time.sleep"}
BUDGET = 500  # orders between two turns of the loop, as the exercise's ticket says


async def check_same_thumbnails(photo_service, same, rng):
    """Each upload is answered with its own thumbnail, as before."""
    one, other = (_photo(rng, "IMG_0001.jpg") for _ in range(2))
    photos = [one, other, _photo(rng, "IMG_0002.jpg"), one, *(_photo(rng) for _ in range(8 * min(CORES, 4)))]

    async def uploads(f, w):
        async with f() as upload:
            made = await asyncio.gather(*[asyncio.create_task(upload(photo)) for photo in photos])
            return [*made, await upload(other), await upload(one)]

    async def damage(f, w):
        async with f() as upload:
            damaged = [upload(replace(one, pixels=one.pixels[:-3])) for _ in range(2 * min(CORES, 4) + 1)]
            all_and_another = asyncio.gather(*damaged, upload(other), return_exceptions=True)
            try:  # whatever comes of them, the service goes on
                found = await asyncio.wait_for(all_and_another, STUCK)
            except TimeoutError:
                raise Told(f"not all of them came to an end within {STUCK:g} s: {TAKEN}") from None
            if isinstance(found[-1], BaseException):
                raise found[-1]
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]

    async def beside_a_damaged_one(f, w):
        damaged = replace(other, pixels=other.pixels[:-3])
        async with f() as upload:
            tasks = [asyncio.create_task(upload(photo)) for photo in (one, damaged)]
            done = await asyncio.gather(*tasks, return_exceptions=True)
        if isinstance(done[0], Exception):
            raise done[0]
        return done[0]

    async def nothing(f, w):
        async with f():
            return "nothing"

    why = {
        "awaitable": "Was it awaited, and returned?",
        "type": "Was it awaited, and returned?",
        "swapped": "What tells two photos apart?",
        "value": "It is not the thumbnail of that photo.",
    }
    again = why | {"error": "What has to be made anew each time the service starts?"}
    situations = (
        Situation("photos are uploaded at once and in turn, two of them of one name", uploads),
        Situation("the service is started a second time", uploads, why=again),
        Situation("nobody uploads anything", nothing),
        Situation("photos are damaged, and others follow", damage, raises=ValueError),
        Situation("a photo is uploaded beside a damaged one", beside_a_damaged_one),
    )
    await same(photo_service, None, situations, why=why)


async def check_loop_lives(photo_service, rng):
    """The event loop lives while thumbnails are made."""
    life = loop_shows_life(patience=PATIENCE, together=min(2, CORES))
    with life, watch_workers() as workers:
        async with photo_service() as upload:
            with watch_loop() as loop, count_calls("asyncio.tasks:sleep") as sleeps:
                await asyncio.gather(*(upload(photo) for photo in _watched(life, rng, UPLOADS)))
    here = _here(life)
    _not_on_the_loop(life, sum(held.thread == threading.get_ident() for held in here), sleeps.count)
    waited = [call.call for call in loop.blocking if call.call in WAITS]
    assert life.lived or (waited and sleeps.count), (
        f"{'A thread' if here else 'Another process'} computed the thumbnail, and the event loop stood still until it had: "
        "what waits on the loop's own thread?"
    )
    assert not waited, (
        f"`{waited[0]}` waited on the loop's own thread, {many(len(waited), 'time')}: the loop comes round between "
        "two such waits, and stands still for all of each. What waits without holding the loop?"
    )
    assert not here or workers.own_gil, (
        "The thumbnails were computed in threads of this very process: pure Python needs the GIL, so they and the "
        "event loop take turns at it. Where does work have a GIL of its own?"
    )
    pools = sum(each.of_processes for each in workers.made)
    assert pools < 2, f"{pools} pools were opened for {UPLOADS} uploads that came together: " + (
        "what of your code should run once, when the service starts?"
        if pools == UPLOADS
        else "each has workers of its own, and a photo waits in one while the workers of another are free."
    )
    assert len(life.held) == UPLOADS, (
        f"{len(life.held)} thumbnails were computed for {UPLOADS} uploads: each once, please."
    )
    assert life.met, (
        f"{UPLOADS} uploads came together, and no two of them were worked on at once, though this machine has "
        f"{CORES} cores: each waited for the one before it. Is there one lock, or one worker, for all?"
    )
    where = many(len(life.processes - {os.getpid()}), "other process")
    return f"The loop went on during all thumbnails; they were made in {where}."


async def check_one_pool(photo_service, rng):
    """One pool serves all uploads, and ends with the service."""
    with loop_shows_life(1, PATIENCE) as life, watch_leftovers() as watch:
        workers = watch.workers
        async with photo_service() as upload:
            first, *photos = _watched(life, rng, 4)
            await one_hangs_up(lambda: upload(first), AFRESH_LIMIT)
            pools, processes = workers.pools, workers.started + workers.programs
            for photo in photos:
                await upload(photo)
                await asyncio.sleep(0.005)  # a pool learns that its worker is free just after the answer
            more, processes = workers.pools - pools, workers.started + workers.programs - processes
        left = await watch.left(PATIENCE, life.processes - {os.getpid()})
    assert max(more, processes) < len(photos), (
        f"{many(processes, 'process') if processes else many(more, 'pool')} were started for {len(photos)} uploads that came "
        "one after another: starting one costs far more than handing work to one that is there. What of your code "
        "should run once, when the service starts?"
    )
    has_ended(left)
    served = many(pools, "pool") if pools else "One set of workers"
    return f"{served} for {2 + len(photos)} uploads, closed when the service ended."


async def check_other_ends(photo_service, rng):
    """It ends by an error, too, and when it is cancelled; a crowd of damaged photos holds no loop before."""
    for (how, error), number in zip(HOW[1:], (CROWD, 0), strict=True):
        with watch_leftovers() as watch, loop_shows_life(1, PATIENCE) as life:
            with suppress(type(error)):
                # Kept, as its user keeps it, until what is left is counted.
                async with photo_service() as upload:
                    await asyncio.gather(*map(upload, _crowd(life, rng)[:number]), return_exceptions=True)
                    await upload(_photo(rng))  # whatever came before
                    raise error
            has_ended(await watch.left(PATIENCE), f"The service {how}")
        assert not _here(life), (
            "A large photo that is damaged at its end was computed by this process: what is done here when a worker fails?"
        )
        assert life.lived or not life.held, (
            f"{CROWD} uploads came together, and the event loop stood still until the first of them were done: what "
            "waits on the loop's own thread when so many come? An `asyncio.Semaphore` makes them wait without that."
        )
    return "It was closed, too, when it was ended by an error, and when it was cancelled."


async def check_no_worker_left(photo_service, rng):
    """When a worker has died, an upload may fail; no large photo is computed here even then."""
    with loop_shows_life(1, PATIENCE) as life:
        async with photo_service() as upload:
            with a_pool_breaks():
                await asyncio.gather(*map(upload, _watched(life, rng, 1)), return_exceptions=True)
    assert not _here(life), (
        "A worker process had died, and a large photo was computed by this process: its upload may fail then, "
        "and /health may not be late. What is done here when a pool breaks?"
    )


async def check_fresh_workers(photo_service, same, rng):
    """It also works where worker processes start afresh: macOS, Windows, and from Python 3.14 on Linux."""
    photo = _photo(rng, side=SIDE)

    async def upload_one(f, w):
        async with asyncio.timeout(AFRESH_LIMIT), f() as upload:
            return await upload(photo)

    afresh = Situation(f"worker processes start afresh, by `{AFRESH}`", upload_one)
    await same(photo_service, lambda: start_method(AFRESH), [afresh], why={"error": _late})
    return "Worker processes that start afresh, by spawn or by a fork server, find their function."


async def interest_how_much_faster(as_merged, photo_service, rng):
    """How much faster uploads that come together are here."""
    photos = [_photo(rng, side=SIDE) for _ in range(6)]
    async with as_merged() as before, photo_service() as after:
        ratio = await compare_async(
            lambda: asyncio.gather(*map(before, photos)),
            lambda: asyncio.gather(*map(after, photos)),
            repeat=5,
            most=5,
        )
    return f"Here, six uploads that come together are {ratio}. A pool gains no more than the cores that are free."


# --- the exercise: json.dumps of a large list


async def check_exercise_same_text(export, same, rng):
    """What is written is the same data, whatever the client does; the orders stay as they are."""
    base = json.dumps([_order(rng) for _ in range(1001)])

    def world():
        orders = json.loads(base)
        return nullcontext(SimpleNamespace(orders=orders, few=orders[:3]))

    async def read(f, orders, reader=None):
        reader = reader or Reader()
        try:
            async with asyncio.timeout(STUCK):
                await f(orders, reader)
        except TimeoutError:
            raise Told(
                f"the export does not come to an end within {STUCK:g} s: what waits, and for whom?"
            ) from None
        return reader.data()

    def some(number, **options):
        return lambda f, w: read(f, w.orders[:number], Reader(**options))

    async def at_once(f, w):
        return await asyncio.gather(*(read(f, w.orders[:number], Reader(1)) for number in (1001, 500)))

    def change(w):
        w.few[1]["note"] = "changed"

    situations = (
        Situation("1,001 orders are exported", some(1001)),
        Situation("500 orders are exported", some(500)),
        Situation("one order is exported", some(1)),
        Situation("there are no orders", some(0), why="An export of no orders is `[]`."),
        Situation("two of the orders are the same", lambda f, w: read(f, [*w.few, w.few[0]])),
        Situation(
            "an order changes between two exports of one list", lambda f, w: read(f, w.few), between=change
        ),
        Situation("the client reads slowly", some(1001, turns=1), why="Who waits for `write`?"),
        Situation("two exports run at once", at_once, why="What do two exports share?"),
        Situation(
            "the client of a long export hangs up",
            lambda f, w: read(f, w.few * 2000, Reader(most=99)),
            raises=ConnectionError,
        ),
    )
    await same(export, world, situations, why=_what_was_written)


async def check_exercise_short_pieces(export, rng):
    """Between two turns of the event loop, no more is encoded than the budget allows."""
    with watch_workers() as workers:
        longest = [await _longest_piece(export, rng, number) for number in (1300, 5200)]
    assert len(workers.batches) < 2, (
        f"{len(workers.batches)} pools or processes were started for 2 exports: one that is kept would serve both."
    )
    return f"At most {many(max(longest), 'order')} in one piece, of 1,300 as of 5,200."


async def check_exercise_exports_overlap(export, same, rng):
    """While one client reads, another export is written."""
    orders = [_order(rng) for _ in range(600)]
    for clients, each in ((2, orders), (33, orders[:3])):
        met = await read_together(lambda _, write, each=each: export(each[:], write), clients, PATIENCE)
        assert met or not same.compares("overlap"), (
            f"{clients} exports were asked for at once: while the first clients were reading, nothing was written for "
            f"another, {PATIENCE:g} s long. Clients that read slowly make others wait. What do the exports share?"
        )


async def _longest_piece(export, rng, number):
    reader, turns_with_text = Reader(), set()
    with watch_turns(PATIENCE) as turns:

        async def write(text):
            turns_with_text.add(turns.number)
            await reader(text)

        await export([turns.holder(**_order(rng), paid=turns.item(by="card")) for _ in range(number)], write)
    if turns.longest.count > BUDGET:
        raise AssertionError(_too_long(turns.longest, number, len(reader.texts), len(turns_with_text)))
    assert turns.lived, (
        "The work was handed to another thread or process, and the event loop stood still until it was done: "
        "what waits on the loop's own thread?"
    )
    together = turns.threads * turns.longest.count
    assert together <= BUDGET or not has_gil(), (
        f"{turns.threads} threads were encoding at once, up to {turns.longest.count} orders each: they hand the GIL to one "
        f"another, and the loop gets it when all have had their turn. The budget is {BUDGET}, for all of them together."
    )
    unseen = number - turns.handled.total()
    assert unseen <= 0, (
        f"{unseen:,} of {number:,} orders were encoded where this check could not see it: hand them on as they come."
    )
    return turns.longest.count


def _too_long(piece, number, texts, turns_with_text):
    """Say why a piece is longer than the budget."""
    share = f"All {number:,}" if piece.count >= number else f"{piece.count:,} of {number:,}"
    if piece.how == PICKLED:
        said = "were pickled in one piece, to be sent elsewhere: one call of C code, too, which keeps the GIL as json.dumps does."
    elif piece.how == COPIED:
        said = "were copied between two turns of the event loop."
    elif not piece.on_loop and has_gil():
        said = "were encoded by one call in a thread: C code that keeps the GIL until it is done, so the loop stands still all the same."
    elif not piece.on_loop:
        said = "were encoded by one call in a thread."
    elif piece.tasks > 1:
        said = f"{EXERCISE_MISTAKE}, in {piece.tasks} tasks that were ready together: one turn runs all that are ready."
    elif piece.count < number:
        said = f"{EXERCISE_MISTAKE}: the loop stands still until they are done."
    elif texts < 3:
        said = f"{EXERCISE_MISTAKE}: nothing else runs until the last one is done."
    elif turns_with_text > 2:
        said = f"{EXERCISE_MISTAKE}, and only what came of it was cut: the work was done by then. What has to be cut first?"
    else:
        said = (
            f"{EXERCISE_MISTAKE}, although they were written in {texts:,} pieces: an `await` gives way only if it has to wait, "
            "and `await write(…)` has to only when its buffer is full. What gives way for sure?"
        )
    return f"{share} orders {said} The budget is {BUDGET}, however many orders there are."


# --- what the checks share


def _crowd(life, rng):
    """Give damaged photos: one at its end, some of which too little came, the others without any pixels."""
    (large,) = _watched(life, rng, 1, ROWS - 1)  # in its last row the damage would show first
    one_row = slice(3 * SIDE**2 // ROWS)
    first = [replace(each, pixels=each.pixels[one_row]) for each in _watched(life, rng, FIRST, 1)]
    rest = [replace(large, name=f"IMG_{number:04}.jpg", pixels=b"", reached=None) for number in range(CROWD)]
    return [replace(large, pixels=large.pixels[:-3]), *first, *rest][:CROWD]


def _here(life):
    return [held for held in life.held if held.process == os.getpid()]


def _late(error):
    late = f"There was none within {AFRESH_LIMIT:g} s. Does a new process find the function in a module?"
    return late if isinstance(error, TimeoutError) else ""


def _what_was_written(found):
    """Say what is behind a difference of what was written."""
    if found.kind == "count":
        return "Is each one written, those of the last slice, too?"
    why = getattr(found.given, "why", "")
    return f"Python's reader says: {why}. What stands between the pieces, and around them?" if why else None


def _not_on_the_loop(life, here, sleeps):
    """Say so if thumbnails were computed by the loop's own thread."""
    assert life.held, (
        "The uploaded photo itself never came to `thumbnail`. Hand it on as it came: this check follows it."
    )
    elsewhere = len(life.held) - here
    assert not here or not elsewhere, (
        f"{many(here, 'thumbnail')} {'was' if here == 1 else 'were'} computed {MISTAKE}, and {elsewhere} elsewhere: "
        f"{UPLOADS} uploads came together. In which case does your code compute here?"
    )
    assert not here or sleeps, (
        f"The thumbnail is computed {MISTAKE}: nothing else runs meanwhile, /health included. Where else could it run?"
    )
    assert not here, (
        f"The uploads gave way {many(sleeps, 'time')}, and the thumbnail is still computed {MISTAKE}: "
        "the loop comes round between two pieces, and stands still for all of each piece."
    )


def _order(rng):
    return {"order": rng.randrange(10**9), "note": "“fine, thanks”", "skus": [f"TEA-{rng.randrange(999)}"]}


def _photo(rng, name=None, side=32):
    return take_photo(name or f"IMG_{rng.randrange(10**6):06}.jpg", side, rng.randrange(1 << 30))


def _watched(life, rng, number, rows=ROWS):
    return [replace(_photo(rng, side=SIDE), reached=(rng.randrange(rows), life.pulse)) for _ in range(number)]
