"""CPU on the loop: work for the processor holds the event loop."""

import asyncio
import contextlib
import copy
import gc
import json
import multiprocessing
import os
import pickle
import sys
import threading
from collections import Counter, defaultdict
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from multiprocessing.pool import Pool

from kettle.checking import Question
from kettle.probes.engines.callbacks import told_name
from kettle.probes.engines.where import coroutine_frames, is_cell
from kettle.probes.loop import watch_loop
from kettle.probes.ratio import compare_async
from kettle.probes.responsive import loop_shows_life
from kettle.probes.workers import watch_workers
from kettle.shop.thumbnails import ROWS, take_photo, thumbnail

MISTAKE = "on the event loop's own thread"
EXERCISE_MISTAKE = "were encoded between two turns of the event loop"

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

PATIENCE = 2.5  # seconds; paid by wrong answers only
SIDE = 32  # pixels: what a check computes takes a few milliseconds
LARGE = 512  # pixels: too much work for the loop, whatever a service may do with small photos
FRESH = [each for each in ("spawn", "forkserver") if each in multiprocessing.get_all_start_methods()]
AFRESH = 14.0  # seconds for the uploads where each worker process starts a Python of its own
UPLOADS = 6  # at once, more than small pools have workers: what does the code do when all are busy?
# Calls that wait for work, and nothing on the loop's own thread should; not Event.wait: starting a thread waits, too.
WAITS = {"Future.result", "Future.exception", "concurrent.futures.wait", "AsyncResult.get", "time.sleep"}
BUDGET = 500  # orders between two turns of the loop, as the exercise's ticket says
PULSES = 4  # pieces of an export that wait for the loop to show life
_waiting = set()  # tasks that a service left: Python complains of those that nothing else keeps


async def check_same_thumbnails(photo_service, rng):
    """Each upload is answered with its own thumbnail, as before."""
    for life, number in enumerate((3, 5)):
        photos = [_photo(rng, "IMG_0001.jpg" if each < 2 else None) for each in range(number)]
        try:
            async with _opened(photo_service) as upload:
                _same(await _answers(upload, photos), photos)
                await _refuses(upload, replace(photos[0], pixels=photos[0].pixels[:-3]))
                _same(await _answers(upload, photos[:1]), photos[:1])
        except (RuntimeError, ValueError) as error:  # a closed pool raises the one or the other
            if not life:
                raise
            raise AssertionError(_no_second_life(error)) from error


async def check_loop_lives(photo_service, rng):
    """The event loop lives while thumbnails are made."""
    with loop_shows_life(patience=PATIENCE) as life, watch_workers() as workers:
        async with _opened(photo_service) as upload:
            with watch_loop() as loop:
                uploads = [_Counted(upload(photo)) for photo in _watched(life, rng, UPLOADS)]
                await asyncio.gather(*map(_awaited, uploads))
    waited = [call for call in loop.blocking if call.call in WAITS]
    _judge(life, UPLOADS, sum(each.waits for each in uploads), waited, _own_gil(workers))
    where = len(life.processes - {os.getpid()})
    return f"The loop went on during all thumbnails; they were made in {where or 'no'} other process{'es' * (where != 1)}."


async def check_one_pool(photo_service, rng):
    """One pool serves all uploads."""
    with watch_workers() as workers:
        async with _opened(photo_service) as upload:
            await upload(_photo(rng, side=LARGE))
            pools, began, programs = _pools(workers), _started(workers), workers.programs
            for _ in range(4):
                await upload(_photo(rng, side=LARGE))
                await asyncio.sleep(0.01)  # a pool learns that its worker is free just after the answer
            one_by_one, programs = _started(workers) - began, workers.programs - programs
            await asyncio.gather(*(upload(_photo(rng, side=LARGE)) for _ in range(3)))
            more = _pools(workers) - pools
    by_hand = any(batch.owner not in ("ProcessPoolExecutor", "Pool") for batch in workers.batches)
    assert programs < 4, (
        f"{programs} processes were started for 4 uploads that came one after another: starting one costs far more "
        "than handing work to one that is there. Who could keep them?"
    )
    assert not more or not by_hand, (
        f"{more + pools} processes were started for 8 uploads: starting one costs far more than handing work "
        "to one that is there. Who could keep them?"
    )
    assert not more, (
        f"{more + pools} pools were built for 8 uploads, each with processes or threads of its own to be started and ended. "
        "What of your code should run once, when the service starts?"
    )
    assert one_by_one < 4, (
        f"{one_by_one} processes were started for 4 uploads that came one after another: each worker process "
        "ended after one thumbnail. What tells it to?"
    )
    return f"{_many(pools, 'pool')} for 8 uploads."


async def check_closed_at_the_end(photo_service, rng, notes):
    """What the service opens, it closes at its end."""
    with loop_shows_life(patience=PATIENCE) as life, watch_workers() as workers:
        before, tasks_before = _children(), asyncio.all_tasks()
        async with _opened(photo_service) as upload:
            await upload(*_watched(life, rng, 1))
            during = _children()
        left = await _left(lambda: ((during - before) | (life.processes & during)) & _children())
        _end(left)
        running = await _left(lambda: workers.running)
        tasks = await _left(lambda: _own_tasks() - tasks_before)
    made = [each for each in workers.made if not each.default]
    if left and not any(each.of_processes for each in made) and not workers.batches:
        raise AssertionError(
            f"The service has ended, and {_many(len(left), 'worker process')} of a pool that was there before it started "
            "did not end with it. Who closes that pool, and when? Open it where the service starts."
        )
    assert not left, (
        f"The service has ended, and {_many(len(left), 'worker process')} of its own did not end with it. "
        "Where is what the service opened shut down?"
    )
    assert not running, (
        f"The service has ended, and {_many(len(running), 'process')} that it started by hand did not end with it. "
        "Who ends what the service started, and when?"
    )
    assert not tasks, (
        f"The service has ended, and {_many(len(tasks), 'task')} that it started did not end with it, "
        f"such as `{told_name(min(tasks, key=told_name))}`. Who cancels what the service started, and when?"
    )
    still_open = [each for each in made if not each.shut_down]
    assert not still_open, (
        f"The service has ended, and {_many(len(still_open), 'executor')} that it made "
        f"{'was' if len(still_open) == 1 else 'were'} never shut down. Where should that happen?"
    )
    await _ends_by_error(photo_service, rng, notes)


async def check_fresh_workers(photo_service, rng):
    """It also works where worker processes start afresh: macOS, Windows, and from Python 3.14 on Linux."""
    for method in FRESH:
        photos = [_photo(rng, side=LARGE)]
        with _start_method(method):
            before = _children()
            try:
                async with asyncio.timeout(AFRESH):
                    async with _opened(photo_service) as upload:
                        _same(await _answers(upload, photos), photos)
            except TimeoutError as error:
                raise AssertionError(
                    f"Where processes start by `{method}`, an upload had no answer within {AFRESH:g} s. "
                    "Does a new process find the function in a module, or is it in a cell only?"
                ) from error
            finally:
                _end(await _left(lambda before=before: _children() - before))
    return "Worker processes that start afresh, by spawn or by a fork server, find their function."


async def interest_how_much_faster(as_merged, photo_service, rng):
    """How much faster uploads that come together are here."""
    photos = [_photo(rng, side=200) for _ in range(6)]
    async with _opened(as_merged) as before, _opened(photo_service) as after:
        ratio = await compare_async(
            lambda: asyncio.gather(*map(before, photos)),
            lambda: asyncio.gather(*map(after, photos)),
            repeat=5,
            most=5,
        )
    return f"Here, six uploads that come together are {ratio}; at most as many times as this machine has free cores."


# --- the exercise: json.dumps of a large list


async def check_exercise_same_text(export, rng):
    """The export is the same data, in any number of pieces."""
    for number in (1, 0, 499, 500, 1203):  # one first: nothing written for none has a message of its own
        orders = [_order(rng) for _ in range(number)]
        given = copy.deepcopy(orders)
        pieces = await _exported(export, given)
        _same_orders(pieces, orders)
        assert given == orders, (
            "The list that was handed in is no longer what it was: another export of it, or whoever keeps it, "
            "finds other orders now. Whose list is it?"
        )
    lists = [[_order(rng) for _ in range(number)] for number in (1203, 702)]
    written = await asyncio.gather(*(_exported(export, orders) for orders in lists))
    for pieces, orders in zip(written, lists, strict=True):
        try:
            _same_orders(pieces, orders)
        except AssertionError as error:
            raise AssertionError(
                f"Alone, an export is right; while another runs, it is not: {error} What do two exports share?"
            ) from error


def _same_orders(pieces, orders):
    number = len(orders)
    text = "".join(pieces)
    try:
        data = json.loads(text)
    except ValueError as error:
        raise AssertionError(
            f"What was written for {_many(number, 'order')} is not JSON: {error}. "
            "What stands between the pieces, and around them?"
        ) from error
    assert isinstance(data, list), (
        f"What was written for {_many(number, 'order')} is {_kind(data)}, not a list."
    )
    assert len(data) == number, f"Of {_many(number, 'order')}, {len(data):,} were written."
    wrong = next((at for at, order in enumerate(orders) if data[at] != order), None)
    assert wrong is None or isinstance(data[wrong], dict), (
        f"In the place of order {(wrong or 0) + 1:,} of {number:,} there is {_kind(data[wrong])}, not the order itself."
    )
    assert wrong is None, (
        f"Order {wrong + 1 if wrong is not None else 0} of {number:,} was written with other contents, or in another place."
    )


async def check_exercise_short_pieces(export, rng, notes):
    """Between two turns of the event loop, no more is encoded than the budget allows."""
    with watch_workers() as workers:
        longest = [await _longest_piece(export, rng, number, notes) for number in (1300, 5200)]
    assert len(workers.batches) < 2, (
        f"{len(workers.batches)} pools or processes were started for 2 exports: one that is kept would serve both."
    )
    return f"At most {_many(max(longest), 'order')} in one piece, of 1,300 as of 5,200."


async def _longest_piece(export, rng, number, notes):
    with loop_shows_life(patience=PATIENCE) as life, watch_loop() as loop, _Turns() as turns:
        watch = _Pieces(loop, turns, life.pulse)
        orders = [{**_order(rng), "paid": _Watched(watch)} for _ in range(number)]
        pieces = await _exported(export, orders, watch.write)
    (how, where, _), longest = watch.longest
    _short(how, where, longest, number, pieces, watch)
    assert watch.lived, (
        "The work was handed to another thread or process, and the event loop stood still until it was done: "
        "what waits on the loop's own thread?"
    )
    assert sum(watch.counts.values()) >= number, (
        f"{number - sum(watch.counts.values()):,} of {number:,} orders were encoded where this check could not see it: "
        "were they copied first? Hand the orders on as they come."
    )
    if any(key[0] == "pickled" for key in watch.counts):
        notes.append(
            "Each slice is pickled here, sent, and unpickled elsewhere. For this payload that is about as much "
            "work as encoding it on the spot."
        )
    return longest


def _short(how, where, longest, number, pieces, watch):
    if longest <= BUDGET:
        return
    share = f"All {number:,}" if longest == number else f"{longest:,} of {number:,}"
    assert how != "pickled", (
        f"{share} orders were pickled in one piece, to be sent elsewhere: that is one call of C code, too, "
        f"and keeps the GIL as json.dumps does. The budget is {BUDGET}."
    )
    assert where == "loop" or not _has_gil(), (
        f"{share} orders were encoded by one call in a thread: C code that keeps the GIL until it is done, "
        f"so the loop stands still all the same. The budget is {BUDGET}."
    )
    assert how != "copied", (
        f"{share} orders were copied between two turns of the event loop. The budget is {BUDGET}."
    )
    together = len(watch.steps[watch.longest[0][2]]) if where == "loop" else 0
    assert together < 2, (
        f"{share} orders {EXERCISE_MISTAKE}: in {together} tasks or callbacks that were ready together, and one turn runs "
        f"all that are ready. The budget is {BUDGET}. What has to lie between one slice and the next?"
    )
    in_pieces = where == "loop" and longest == number and len(pieces) > 2
    assert not in_pieces or len(watch.written) < 3, (
        f"{share} orders {EXERCISE_MISTAKE}, and only what came of it was cut: the work was done by then. "
        "What has to be cut before it is encoded?"
    )
    assert not in_pieces, (
        f"{share} orders {EXERCISE_MISTAKE}, although they were written in {len(pieces):,} pieces: "
        "`await write(…)` gives way only when its buffer is full. What gives way for sure?"
    )
    assert where != "loop" or longest == number, (
        f"{share} orders {EXERCISE_MISTAKE}: a slice holds the loop as long as it lasts, "
        f"and the budget is {BUDGET}, however many orders there are."
    )
    assert where != "loop", (
        f"{share} orders {EXERCISE_MISTAKE}: nothing else runs until the last one is done. The budget is {BUDGET}."
    )


# --- what the checks share


class _Counted:
    """An awaitable that counts how often it really waited."""

    def __init__(self, awaitable):
        self.awaitable, self.waits = awaitable, 0

    def __await__(self):
        inner = self.awaitable.__await__()
        try:
            waited_for = next(inner)
            while True:
                self.waits += 1
                try:
                    yield waited_for
                except BaseException as error:  # noqa: BLE001 (it is the awaitable's to handle)
                    waited_for = inner.throw(error)
                else:
                    waited_for = next(inner)
        except StopIteration as end:
            return end.value


class _Watched(dict):
    """A part of an order that tells when it is encoded, pickled or copied.

    The order around it is a plain dictionary, so that shallow copies of orders are watched as well.
    """

    def __init__(self, watch):
        super().__init__(by="card")
        self.watch = watch

    def items(self):
        self.watch.touched("encoded")
        return super().items()

    def __copy__(self):
        return _Watched(self.watch)

    def __deepcopy__(self, memo):
        self.watch.touched("copied")
        return _Watched(self.watch)

    def __reduce_ex__(self, protocol):
        self.watch.touched("pickled")
        return dict, (dict(super().items()),)


class _Turns:
    """Counts turns of the loop, not its callbacks: one turn runs all that are ready as it begins."""

    def __enter__(self):
        self.number, self.loop = 0, asyncio.get_running_loop()
        self._turn()
        return self

    def __exit__(self, *error):
        self.handle.cancel()

    def _turn(self):
        self.number += 1
        self.handle = self.loop.call_soon(self._turn)


class _Pieces:
    """How many orders were handled in one piece: in one turn of the loop, or by one call in another thread.

    written: the turns in which text was written. steps: the callbacks that handled orders, by their turn.
    """

    def __init__(self, loop, turns, pulse):
        self.loop, self.turns, self.pulse, self.thread = loop, turns, pulse, threading.get_ident()
        self.counts, self.calls, self.lived = Counter(), {}, True
        self.written, self.steps = set(), defaultdict(set)

    def write(self):
        """Note that text is written."""
        self.written.add(self.turns.number)

    @property
    def longest(self):
        """The kind of the longest piece, and its length."""
        return max(self.counts.items(), key=lambda each: each[1], default=(("encoded", "loop", 0), 0))

    def touched(self, how):
        """Count an order; a piece in another thread waits until the loop has shown life."""
        thread = threading.get_ident()
        if thread == self.thread:
            self.counts[how, "loop", self.turns.number] += 1
            self.steps[self.turns.number].add(self.loop.steps)
            return
        call, number = self.calls.get(thread, (None, 0))
        if sys._getframe(2) is not call:
            self.calls[thread] = sys._getframe(2), number + 1
            if self.lived and number < PULSES:
                self.lived = self.pulse()
        self.counts[how, thread, self.calls[thread][1]] += 1


@contextlib.asynccontextmanager
async def _opened(photo_service):
    service = photo_service()
    assert hasattr(service, "__aenter__"), (
        f"`photo_service()` gives {_kind(service)}, nothing to open with `async with`: is its decorator still there?"
    )
    try:
        async with service as upload:
            assert callable(upload), (
                f"The service must yield the function that answers an upload; it yields {_kind(upload)}."
            )
            yield upload
    finally:
        _waiting.update(_own_tasks())


async def _answers(upload, photos):
    try:
        return await asyncio.gather(*(upload(photo) for photo in photos))
    except (BrokenExecutor, pickle.PickleError, AttributeError, TypeError) as error:
        if isinstance(error, BrokenExecutor) or "pickle" in str(error) or "local object" in str(error):
            raise AssertionError(_lost(error)) from error
        raise


async def _refuses(upload, damaged):
    try:
        answer = f"the upload is answered with {_kind(await upload(damaged))}"
    except ValueError:
        return
    except Exception as error:
        if isinstance(error, BrokenExecutor) or "shutdown" in str(error):
            raise  # it is the pool that failed, not the photo
        answer = f"it raises {type(error).__name__}"
    raise AssertionError(f"A damaged photo raised a ValueError as merged; now {answer}.")


async def _awaited(awaitable):
    return await awaitable


def _lost(error):
    words = (str(error).splitlines() or [""])[0].rstrip(".")
    return (
        f"No worker process could take the work ({type(error).__name__}: {words}). Its function is sent "
        "by module and name: is it one of a module, or is it made in a cell or inside another function?"
    )


def _no_second_life(error):
    return (
        f"The service could be opened once only; when it was opened again, an upload raised {type(error).__name__}: "
        f"{str(error).rstrip('.')}. What has to be made anew each time the service starts?"
    )


def _same(answers, photos):
    expected = [thumbnail(photo) for photo in photos]
    for answer, right, photo in zip(answers, expected, photos, strict=True):
        assert isinstance(answer, bytes), (
            f"The upload of {photo.name} was answered with {_kind(answer)}, not with a thumbnail: "
            "was it awaited, and returned?"
        )
        assert answer == right or answer not in expected, (
            f"The upload of {photo.name} was answered with the thumbnail of another photo. What tells them apart?"
        )
        assert answer == right, (
            f"The answer to the upload of {photo.name} is not its thumbnail: {len(answer)} bytes, {len(right)} expected."
        )


def _judge(life, number, waits, waited, own_gil):
    """Say what is wrong with where the work ran, and whether the loop lived meanwhile."""
    here = [held for held in life.held if held.process == os.getpid()]
    on_loop = [held for held in here if held.thread == threading.get_ident()]
    assert life.held, (
        "The uploaded photo itself never came to `thumbnail`. Hand it on as it came: this check follows it."
    )
    elsewhere = [held for held in life.held if held not in on_loop]
    assert not on_loop or not elsewhere, (
        f"{_many(len(on_loop), 'thumbnail')} {'was' if len(on_loop) == 1 else 'were'} computed {MISTAKE}, and {len(elsewhere)} elsewhere: "
        f"{number} uploads came together. In which case does your code compute here?"
    )
    assert not on_loop or waits, (
        f"The thumbnail is computed {MISTAKE}: until it is done nothing else runs, /health included. Where else could it run?"
    )
    assert not on_loop, (
        f"The uploads gave way {_many(waits, 'time')}, and the thumbnail is still computed {MISTAKE}: "
        "the loop comes round between two pieces, and stands still for all of each piece."
    )
    assert life.lived or (waited and waits), (
        f"{'A thread' if here else 'Another process'} computed the thumbnail, and the event loop stood still until it had: "
        "what waits on the loop's own thread?"
    )
    assert not waited, (
        f"`{waited[0].call}` waited on the loop's own thread, {_many(len(waited), 'time')}: the loop comes round between "
        "two such waits, and stands still for all of each. What waits without holding the loop?"
    )
    assert len(life.held) == number, (
        f"{len(life.held)} thumbnails were computed for {number} uploads: each once, please."
    )
    assert not here or own_gil, (
        "The thumbnails were computed in threads of this very process: pure Python needs the GIL, so they and the "
        "event loop take turns at it. Where does work have a GIL of its own?"
    )


def _own_gil(workers):
    """Whether threads need no common GIL: a build without it, or interpreters of their own (from 3.14 on)."""
    kinds = {each.kind for each in workers.made if not each.default}
    return not _has_gil() or kinds == {"InterpreterPoolExecutor"}


def _has_gil():
    return getattr(sys, "_is_gil_enabled", lambda: True)()


def _pools(workers):
    others = [each for each in workers.made if not each.default and not each.of_processes]
    return len(workers.batches) + len(others)


def _started(workers):
    return sum(len(batch) for batch in workers.batches)


def _children():
    return frozenset(child.pid for child in multiprocessing.active_children())


def _own_tasks():
    """Return the tasks that run code of a cell: a package may keep tasks for as long as the loop."""
    return {
        task
        for task in asyncio.all_tasks()
        if any(is_cell(frame.f_code.co_filename) for frame in coroutine_frames(task.get_coro()))
    }


async def _left(there):
    """Return what is still there, after some patience."""
    ends = asyncio.get_running_loop().time() + PATIENCE
    while (left := there()) and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return left


def _end(processes):
    for pool in gc.get_objects() if processes else ():
        # A worker that is killed may keep a lock for which its pool would wait without end.
        if type(pool) is Pool and any(worker.pid in processes for worker in pool._pool):
            pool.terminate()
    for child in multiprocessing.active_children():
        if child.pid in processes:
            child.kill()
            child.join(1)


async def _ends_by_error(photo_service, rng, notes):
    before, during, tasks_before = _children(), frozenset(), asyncio.all_tasks()
    with contextlib.suppress(_Ended):
        async with _opened(photo_service) as upload:
            await upload(_photo(rng, side=LARGE))
            during = _children()
            raise _Ended
    left = await _left(lambda: (during - before) & _children())
    _end(left)
    tasks = await _left(lambda: _own_tasks() - tasks_before)
    for number, what, does in (
        (len(left), "worker process", "close the pool"),
        (len(tasks), "task", "cancel it"),
    ):
        if number:
            notes.append(
                f"When the service ends by an error, {_many(number, what)} did not end with it: "
                f"`with`, or `try` and `finally`, would {does} then, too."
            )


class _Ended(Exception):
    """The service is ended by an error."""


@contextlib.contextmanager
def _start_method(method):
    usual = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(method, force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(usual, force=True)


async def _exported(export, orders, told=lambda: None):
    pieces = []

    async def write(text):
        """Keep the text: there is room in the buffer, so there is nothing to wait for."""
        assert isinstance(text, str), f"`write` was given {_kind(text)}, not text."
        pieces.append(text)
        told()

    await export(orders, write)
    assert pieces or orders, "For no orders, nothing was written: an export of no orders is `[]`."
    assert pieces, "Nothing had been written when the export was over: what was never awaited?"
    return list(pieces)


def _order(rng):
    lines = [
        {"sku": f"TEA-{rng.randrange(999)}", "number": rng.randrange(1, 9)} for _ in range(rng.randrange(3))
    ]
    return {
        "order": rng.randrange(10**9),
        "customer": rng.randrange(9999),
        "note": "“fine, thanks”",
        "lines": lines,
    }


def _photo(rng, name=None, side=SIDE):
    return take_photo(name or f"IMG_{rng.randrange(10**6):06}.jpg", side, rng.randrange(1 << 30))


def _watched(life, rng, number):
    return [
        replace(_photo(rng, side=LARGE), reached=(rng.randrange(ROWS), life.pulse)) for _ in range(number)
    ]


def _many(number, word):
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    return f"{number:,} {word if number == 1 else plural}"


def _kind(thing):
    name = type(thing).__name__
    if name == "bytes":
        return "bytes"
    return "nothing (None)" if thing is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
