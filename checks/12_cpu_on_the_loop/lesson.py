"""CPU on the loop: CPU work blocks the event loop."""

import asyncio
import os
import threading
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from kettle.checking import Case, Contract, worlds
from kettle.checking.left import has_ended
from kettle.lessons.thumbnails import ROWS
from kettle.probes.calls import count_calls
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import watch_leftovers
from kettle.probes.loop import watch_loop
from kettle.probes.responsive import loop_shows_life
from kettle.probes.workers import watch_workers

from .world import PATIENCE, draw_photos, photo

AFRESH_LIMIT = 14.0  # seconds for an upload where a worker process starts a Python of its own
SIDE = 200  # pixels: large enough for work elsewhere
UPLOADS = 6  # at once, more than small pools have workers
CORES = min(os.cpu_count() or 1, len(getattr(os, "sched_getaffinity", lambda _: range(99))(0)))
# Calls that wait for work, and nothing on the loop's own thread should; not Event.wait: starting a thread waits, too.
WAITS = {"Future.result", "Future.exception", "concurrent.futures.wait", "AsyncResult.get", "time.sleep"}


async def uploads(service, w):
    """Upload photos at once, then the two of one name again, in turn."""
    async with service() as upload:
        made = await asyncio.gather(*[asyncio.create_task(upload(each)) for each in w.photos])
        return [*made, await upload(w.photos[0]), await upload(w.photos[1])]


async def damaged(service, w):
    """Upload a damaged photo."""
    async with service() as upload:
        return await upload(w.damaged)


async def after_a_damaged_one(service, w):
    """Upload a photo beside a damaged one."""
    async with service() as upload:
        made = await asyncio.gather(upload(w.photos[2]), upload(w.damaged), return_exceptions=True)
    if isinstance(made[0], Exception):
        raise made[0]
    return made[0]


async def afresh(service, w):
    """Upload one photo, with worker processes that start a Python of their own."""
    with start_method(AFRESH):
        async with asyncio.timeout(AFRESH_LIMIT), service() as upload:
            return await upload(w.photos[0])


def no_module(error):
    """Say why a worker process that starts afresh finds no function."""
    return lesson.say("afresh") if isinstance(error, TimeoutError) else ""


lesson = Contract(
    "photo_service",
    world=worlds.drawn(draw_photos),
    call=uploads,
    again=False,
    why={"awaitable": "returned", "type": "returned", "swapped": "swapped", "value": "other_photo"},
    cases={
        "photos are uploaded at once, two of them of one name": Case(),
        "the service is started a second time": Case(why={"error": "started_again"}),
        "a photo is damaged": Case(call=damaged, raises=ValueError),
        "a photo is uploaded beside a damaged one": Case(call=after_a_damaged_one),
        f"worker processes start afresh (by `{AFRESH}`)": Case(call=afresh, why={"error": no_module}),
    },
)


@lesson.cause
async def loop_lives(photo_service, rng):
    """Hold each thumbnail until the loop has come round, and two of them until both are worked on."""
    life = loop_shows_life(patience=PATIENCE, together=min(2, CORES))
    with life, watch_workers() as workers:
        async with photo_service() as upload:
            with watch_loop() as loop, count_calls("asyncio.tasks:sleep") as sleeps:
                await asyncio.gather(*(upload(each) for each in watched(life, rng, UPLOADS)))
    assert life.held, lesson.say("never_came")
    here = [held for held in life.held if held.process == os.getpid()]
    on_loop = sum(held.thread == threading.get_ident() for held in here)
    if 0 < on_loop < len(life.held):
        raise AssertionError(lesson.say("some_here", here=on_loop, of=UPLOADS))
    assert not on_loop, lesson.say("in_slices" if sleeps.count else "on_loop", n=sleeps.count)
    waited = [call.call for call in loop.blocking if call.call in WAITS]
    assert life.lived and not waited, lesson.say("waited", call=waited[0] if waited else "join")
    assert not here or workers.own_gil, lesson.say("threads")
    pools = sum(each.of_processes for each in workers.made)
    assert pools < 2, lesson.say("pools", n=pools, of=UPLOADS)
    assert life.met, lesson.say("in_turn", of=UPLOADS, cores=CORES)
    return lesson.say("lived")


HOW = {
    "has ended": None,
    "was ended by an exception": ConnectionAbortedError(),
    "was cancelled": asyncio.CancelledError(),
}


@lesson.cause
async def one_pool(photo_service, rng):
    """Count what is started for uploads one after another, and what is left when the service has ended."""
    for how, error in HOW.items():
        with loop_shows_life(1, PATIENCE) as life, watch_leftovers() as watch:
            with suppress(*([type(error)] if error else [])):
                async with photo_service() as upload:
                    first, *photos = watched(life, rng, 4)
                    await upload(first)
                    before = started(watch.workers)
                    for each in photos if error is None else ():
                        await upload(each)
                        # A pool learns that its worker is free just after the answer.
                        await asyncio.sleep(0.005)
                    more = started(watch.workers) - before
                    if error is not None:
                        raise error
            left = await watch.left(PATIENCE, life.processes - {os.getpid()})
        assert more < len(photos), lesson.say("each_time", n=more, of=len(photos))
        has_ended(left, f"The service {how}")
    return lesson.say("one_pool")


def started(workers):
    """Count pools, or the processes that were started by hand."""
    return max(workers.pools, workers.started + workers.programs)


def watched(life, rng, number):
    """Take photos whose work waits, somewhere in the middle, until the loop has come round."""
    return [replace(photo(rng, side=SIDE), reached=(rng.randrange(ROWS), life.pulse)) for _ in range(number)]


@lesson.faster
@asynccontextmanager
async def six_uploads(rng):
    """Upload six photos at once; the service is opened each time."""
    photos = [photo(rng, side=SIDE) for _ in range(6)]

    async def upload_all(service):
        async with service() as upload:
            return await asyncio.gather(*map(upload, photos))

    yield upload_all
