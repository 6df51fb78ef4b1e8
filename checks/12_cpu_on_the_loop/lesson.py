"""CPU on the loop: CPU work blocks the event loop."""

import asyncio
import os
import threading
from contextlib import suppress
from dataclasses import replace

from kettle.checking import words_of
from kettle.checking.bad_days import a_pool_breaks, one_hangs_up
from kettle.checking.causes.lives import HOW
from kettle.checking.equivalence import Situation, Told
from kettle.checking.left import has_ended
from kettle.checking.words import many
from kettle.probes.calls import count_calls
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import watch_leftovers
from kettle.probes.loop import watch_loop
from kettle.probes.ratio import compare_async
from kettle.probes.responsive import loop_shows_life
from kettle.probes.workers import watch_workers
from kettle.shop.thumbnails import ROWS, take_photo

from .world import PATIENCE, STUCK, TAKEN

MISTAKE = words_of(__file__).lesson.mistake

SIDE = 200  # pixels: from here on the lesson asks for work elsewhere


UPLOADS = 6  # at once, more than small pools have workers: what does the code do when all are busy?


CORES = min(os.cpu_count() or 1, len(getattr(os, "sched_getaffinity", lambda _: range(99))(0)))


CROWD, FIRST = 20, max(8, CORES)  # photos at once; the first ones keep all workers until the loop comes round


AFRESH_LIMIT = 14.0  # seconds for an upload where a worker process starts a Python of its own


# Calls that wait for work, and nothing on the loop's own thread should; not Event.wait: starting a thread waits, too.
WAITS = {"Future.result", "Future.exception", "concurrent.futures.wait", "AsyncResult.get", "time.sleep"}


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
        )
    return f"Here, six uploads that come together are {ratio}. A pool gains no more than the cores that are free."


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


def _photo(rng, name=None, side=32):
    return take_photo(name or f"IMG_{rng.randrange(10**6):06}.jpg", side, rng.randrange(1 << 30))


def _watched(life, rng, number, rows=ROWS):
    return [replace(_photo(rng, side=SIDE), reached=(rng.randrange(rows), life.pulse)) for _ in range(number)]
