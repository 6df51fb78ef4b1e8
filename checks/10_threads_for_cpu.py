"""Threads for CPU: threads that run Python code take turns at one interpreter."""

import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

from kettle.checking import DOES_NOT_HOLD, HOLDS, PARTLY, Claim, Question
from kettle.checking.errors import leaves
from kettle.checking.left import has_ended
from kettle.checking.same import Situation, Told
from kettle.checking.shares import TAKE_TURNS, is_elsewhere, is_fair
from kettle.checking.words import many
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import watch_leftovers
from kettle.probes.pieces import WatchedSet, watch_pieces
from kettle.probes.ratio import compare
from kettle.probes.workers import watch_workers
from kettle.shop.invoices import PracticeLarder, make_pdf, order_of
from kettle.shop.vouchers import issue, smudge

MISTAKE = TAKE_TURNS
EXERCISE_MISTAKE = "a process that waits is idle"
GONE = "The threads are gone: worker processes search, each with an interpreter of its own, in fair pieces."
EXERCISE_GONE = "Each kind of work has the workers that suit it: threads wait, processes compute."

HINTS = (
    "Look at the picture: how full are the boxes of the search, and how many cores have its threads together?",
    "A thread must hold the GIL to run Python code, and a process has one GIL. "
    "Where does code have a GIL of its own?",
    "`ProcessPoolExecutor` is used like `ThreadPoolExecutor`. What is sent to a worker is sent with each piece of "
    "work: `chunksize=` says how many texts make a piece. How many pieces for each worker are fair?",
    "`with ProcessPoolExecutor(workers) as pool:` and in it "
    "`list(pool.map(partial(readings, issued=issued), smudged, chunksize=max(1, len(smudged) // (4 * workers))))`; "
    "count for yourself what that makes of few texts.",
)

EXERCISE_HINTS = (
    "Look at what `%time` prints for one order, and for one document: which of them needs a core?",
    "What waits lets go of the GIL, and needs no process. What runs Python code needs a GIL of its own.",
    "Exchange the two pools. Documents are made of what is sent to the process: in how many pieces?",
    "`ThreadPoolExecutor(8)` for `larder.order`, and `ProcessPoolExecutor(2)` for `make_pdf`, there with "
    "`chunksize=ceil(len(orders) / 8) or 1`.",
)

RECALL = (
    Question(
        "Four threads run pure Python on four free cores. How many times as fast are they as one?",
        ("About as fast", "About twice as fast", "About four times as fast"),
        0,
        "A thread must hold the GIL to run Python code, and there is one for all threads of a process.",
    ),
    Question(
        "Four threads hash large files with hashlib on four free cores. How many times as fast are they as one?",
        ("About as fast: the GIL", "Several times as fast", "Slower"),
        1,
        "hashlib is C code that lets go of the GIL while it hashes a large buffer.",
    ),
    Question(
        "`%time` prints CPU times: 2.1 s, Wall time: 2.1 s, for a function with four threads. What does it do?",
        ("It waits", "It runs Python code", "It uses four cores"),
        1,
        "One core was busy all the time: the threads took turns at the interpreter.",
    ),
)

GUESS = Question(
    "Four threads run pure Python on a machine with four cores. How many cores do they keep busy?",
    ("One", "Two", "Four"),
    0,
    "The interpreter runs the Python code of one thread at a time.",
)

CLAIMS = (
    Claim(
        name="useless",
        said="“Because of the GIL, threads are useless in Python.”",
        truth=DOES_NOT_HOLD,
        why="They overlap what waits, and C code that lets go of the GIL. Python code that computes does not gain, unless "
        "the interpreter has no GIL: since 3.14 such a build is supported, and optional.",
        ids=("S3.1",),
    ),
    Claim(
        name="released",
        said="“A thread that waits for input or output lets go of the GIL.”",
        truth=HOLDS,
        why="So a search beside eight waiting threads costs what it costs alone.",
        ids=("S3.2",),
    ),
    Claim(
        name="critical",
        said="“Programs wait for input and output most of the time, so the interpreter's speed does not matter.”",
        truth=PARTLY,
        why="Of some programs. CPU time divided by wall time tells which kind yours is.",
        ids=("S3.5",),
    ),
    Claim(
        name="refcounts",
        said="“Each change of a reference count takes the GIL and lets it go again.”",
        truth=DOES_NOT_HOLD,
        why="A thread changes reference counts while it holds the GIL, and gives it up when it waits, or when another one "
        "has asked for it for a while, five milliseconds unless told.",
        ids=("S3.8",),
    ),
)

EXCUSED = {}
EXERCISE_EXCUSED = {}

PATIENCE = 1.5  # seconds; paid by wrong answers only
WORKERS = 3  # more than many a machine has cores: who asks for so many gets them
FEW = 12  # texts that have to be searched elsewhere, a multiple of WORKERS
UNEVEN = 242  # two more than a multiple of the fair pieces: who rounds down makes too many, or one too large
CALLS, PRINTERS = 8, 2  # of the exercise
LEDGER, WAYS = "and the ledger was pickled and sent with each", "each with a way there and back"
ORDER = "In which order do your pieces come back?"
UNKNOWN = "A function that a cell of the notebook defines is unknown to workers that start afresh. Is one sent to them?"
CHUNK = "`chunksize=` of 0 is refused. What does your formula make of few texts?"


# --- the lesson


def check_same_findings(search, same, rng):
    """Each text has its own readings, as before, in its place."""
    seed = rng.randrange(1 << 30)
    base = issue(200, seed)
    codes = rng.sample(sorted(base), 26)
    texts = [smudge(code, n % 3, seed + n) for n, code in enumerate(codes[1:])]  # whoever sorts them is seen
    slow = smudge(codes[0], 4, seed)  # its worker is done long after the others

    def world():
        return _world(issued=set(base), texts=list(texts), slow_first=[slow, *texts])

    def some(number, workers=1):
        return lambda f, w: f(w.texts[:number], w.issued, workers)

    def damaged(f, w):
        return f(["TEA-12?4", *w.texts[:12], "no voucher"], w.issued, 1)

    def not_yet(w):
        w.issued.difference_update(codes[5:9])  # no search has met this ledger

    def exchanged(w):
        w.issued.symmetric_difference_update(codes[1:9])  # as many as before

    why = {"error": _why_error, "order": ORDER, "swapped": ORDER}
    situations = (
        Situation("26 texts are searched", lambda f, w: f(w.slow_first, w.issued, workers=2)),
        Situation("the same texts are searched again", some(13), again=True),
        Situation("the ledger changes between two searches", some(13), prepare=not_yet, between=exchanged),
        Situation("there are no texts", some(0)),
        Situation("there is one text", some(1)),
        Situation("there are fewer texts than workers", some(2, workers=3)),
        Situation("a text comes twice", lambda f, w: f([*w.texts[:3], w.texts[0]], w.issued, 1)),
        Situation("two of the texts are no vouchers", _caught(damaged), raises=ValueError),
    )
    same(search, world, situations, noun="text", why=why)


def check_where_and_in_what_pieces(search, rng):
    """Workers with interpreters of their own search, so many at once as asked for, in fair pieces."""
    for number in (FEW, UNEVEN):
        issued, texts = _vouchers(rng, number)
        if number == FEW:  # five different ones: counting these is no excuse
            clear = sorted(issued)  # and so a tenth of the work
            texts = ([texts[0], clear[1], texts[2], clear[3], clear[4]] * FEW)[:FEW]
        with watch_workers() as workers, watch_pieces(WORKERS, PATIENCE) as pieces:
            search(texts, WatchedSet(issued, pieces.note), WORKERS)
        assert pieces.all, (
            "The ledger itself never came to `readings`. Hand it on as it came: this check follows it."
        )
        is_elsewhere(pieces, number, "text", "searched")
        is_fair(pieces, workers, number, "text", WORKERS, LEDGER)
    most = f"at most {many(pieces.arrived, 'piece')} for {many(WORKERS, 'worker')}"
    return (
        f"{number} texts were searched by {many(len(pieces.elsewhere), 'interpreter')} of their own, {most}."
    )


async def check_workers_end(search, rng):
    """When a search is over, nothing of it is left, also when it fails."""
    for bad, wanted in (([], FEW // 2), (["no voucher"], 1)):
        issued, texts = _vouchers(rng, 12)
        with watch_leftovers() as watch, watch_pieces() as pieces:
            with suppress(ValueError):
                search([*texts, *bad], WatchedSet(issued, pieces.note), wanted)
            when = "When one of the texts is no voucher, " if bad else ""
            is_elsewhere(pieces, 12, "text", "searched", when)
            left = await watch.left(PATIENCE, pieces.processes)
        has_ended(left, f"The search {'has failed' if bad else 'is over'}", "it")
        if pieces.all:  # a list with a bad text may be refused before
            is_fair(pieces, watch.workers, len([*texts, *bad]), "text", wanted, LEDGER)


def check_fresh_workers(search, same, rng):
    """It also works where workers start afresh: macOS, Windows, and from Python 3.14 on Linux."""
    issued, texts = _vouchers(rng, 12)
    afresh = Situation(
        f"workers start afresh, by `{AFRESH}`",
        lambda f, w: f(texts, issued, 2),
    )
    same(search, lambda: start_method(AFRESH), [afresh], why={"error": _why_error})
    return "Workers that start afresh, by spawn or by a fork server, find their function."


def interest_how_much_faster(as_merged, search, rng):
    """How much faster a search is here."""
    issued, texts = _vouchers(rng, 24, places=4)
    ratio = compare(
        lambda: as_merged(texts, issued, 2), lambda: search(texts, issued, 2), repeat=3, most=3, patience=1
    )
    return f"Here, with two workers, your search is {ratio}; free cores bound what processes gain."


# --- the exercise: threads wait, processes compute


def check_exercise_same_invoices(invoices, same, rng):
    """Each number has its own document, as before, in its place."""
    base, numbers = _orders(rng, 13)

    def world():
        orders = dict(base)
        return _world(orders=orders, larder=PracticeLarder(orders))

    def night(when, which, **options):
        # Not the merged code: it would start eight processes for each of these.
        right = partial(_documents, which)
        call = _caught(lambda f, w: f(w.larder, list(which)))
        return Situation(when, call, truth=right, **options)

    def moved(w):
        w.orders[numbers[1]] = order_of(numbers[1], "Somebody else", pages=0)

    def emptied(w):
        w.orders[numbers[5]] = replace(w.orders[numbers[5]], lines=())

    slow = PracticeLarder(base, slow=numbers[0])
    situations = (
        night("13 invoices are made", numbers, prepare=lambda w: setattr(w, "larder", slow)),
        night("the same invoices are made again", numbers, again=True),
        night("an order changes between two nights", numbers, between=moved),
        night("there are no numbers", []),
        night("there is one number", numbers[:1]),
        night("a number comes twice", [*numbers[:2], numbers[0]]),
        night("two orders are not there", [17, *numbers[:5], 18], raises=LookupError),
        night("an order has no lines", numbers, prepare=emptied, raises=ValueError),
    )
    same(invoices, world, situations, noun="invoice", why={"error": _why_error})


def check_exercise_who_does_what(invoices, rng):
    """Threads ask, eight at once; two processes make the documents, in fair pieces."""
    for number in (11, 3, 81):  # the last is one more than a multiple of the sixteen pieces
        orders, numbers = _orders(rng, number - 1)
        numbers.append(numbers[1])  # one comes twice
        at_once, elsewhere = min(CALLS, number), number > 10
        with (
            watch_workers() as workers,
            watch_pieces(at_once, PATIENCE, held=numbers[0], until=max(at_once, number // 2)) as calls,
            watch_pieces(PRINTERS if elsewhere else 1, PATIENCE) as made,
        ):
            orders = {n: replace(order, reached=made.note) for n, order in orders.items()}
            invoices(PracticeLarder(orders, calls.note), numbers)
        _asked(calls, number)
        assert len(made.all) == number, (
            f"`make_pdf` got {many(len(made.all), 'order')} for {number} numbers: each once, as it came, please."
        )
        if elsewhere:
            is_elsewhere(made, number, "document", "made")
            is_fair(made, workers, number, "order", PRINTERS, WAYS)
    return f"{CALLS} calls waited at once, in threads; documents were made by {many(len(made.elsewhere), 'interpreter')} of their own."


async def check_exercise_all_ends(invoices, rng):
    """When the night is over, nothing of it is left, also when it fails; nobody is asked twice."""
    for missing in ([], [17]):
        orders, numbers = _orders(rng, 12)
        with watch_leftovers() as watch, watch_pieces() as calls, watch_pieces() as made:
            orders = {n: replace(order, reached=made.note) for n, order in orders.items()}
            with suppress(LookupError):
                invoices(PracticeLarder(orders, calls.note), [*numbers, *missing])
            left, alive = await watch.left(PATIENCE, made.processes), _alive(calls)
        has_ended(left, f"The night {'has failed' if missing else 'is over'}", "it")
        asked = sum(piece.what == "17" for piece in calls.all)
        assert asked <= 1, f"An order that is not there was asked for {asked} times: once, please."
        if made.all:
            is_fair(made, watch.workers, len([*numbers, *missing]), "order", PRINTERS, WAYS)
        assert not alive, (
            f"The night is over, and {many(alive, 'thread')} that asked did not end with it. "
            "Where is what it opened shut down?"
        )


def check_exercise_fresh_workers(invoices, same, rng):
    """It also works where workers start afresh: macOS, Windows, and from Python 3.14 on Linux."""
    orders, numbers = _orders(rng, 12)
    afresh = Situation(
        f"workers start afresh, by `{AFRESH}`",
        lambda f, w: f(PracticeLarder(orders), numbers),
        truth=lambda w: [make_pdf(order) for order in orders.values()],
    )
    same(invoices, lambda: start_method(AFRESH), [afresh], why={"error": _why_error})


def _asked(calls, number):
    elsewhere = len(calls.all) - len(calls.here)
    assert not elsewhere, (
        f"{many(elsewhere, 'call')} waited in {many(len(calls.processes), 'process')} of their own: a process that "
        "waits is idle, and starting it is the dearest part. Which workers cost next to nothing while they wait?"
    )
    assert len(calls.all) == number, (
        f"The larder was asked {many(len(calls.all), 'time')} for {number} numbers, one of which comes twice: "
        "once each time it comes, please."
    )
    assert calls.most <= CALLS, (
        f"{calls.most} calls were seen under way at once, and the larder allows {CALLS}. Who bounds them?"
    )
    assert calls.met or calls.most < calls.together, (
        f"{calls.together} calls were under way, and while one of them took long, no others took the places of those that "
        "were done. Who waits for a whole batch?"
    )
    assert calls.met, (
        f"At most {many(calls.most, 'call')} {'was' if calls.most == 1 else 'were'} seen under way, with {number} "
        f"numbers to ask for: the larder allows {CALLS}. What do the others wait for?"
    )


def _alive(calls):
    """Count the threads that asked and are still there, after they have had time to end."""
    ends = time.perf_counter() + PATIENCE / 2
    asked = {piece.thread for piece in calls.here} - {threading.get_ident()}
    while (
        alive := asked & {thread.ident for thread in threading.enumerate()}
    ) and time.perf_counter() < ends:
        time.sleep(0.01)
    return len(alive)


# --- what the checks share


def _documents(numbers, world):
    larder = PracticeLarder(world.orders)  # one that nobody waits for
    return [make_pdf(larder.order(number)) for number in numbers]


def _caught(call):
    """Let a failure reach whoever catches it by its name: a group of failures does not."""

    def calls(f, w):
        try:
            return call(f, w)
        except ExceptionGroup as group:
            inner = leaves(group)
            raise Told(
                f"your code raises a group of {many(len(inner), 'failure')}, and `except "
                f"{type(inner[0]).__name__}` catches no group. Which of them is raised by itself?"
            ) from group

    return calls


def _world(**things):
    return nullcontext(SimpleNamespace(**things))


def _vouchers(rng, number, places=1):
    seed = rng.randrange(1 << 30)
    issued = issue(number, seed)
    return issued, [smudge(code, places, seed + n) for n, code in enumerate(sorted(issued))]


def _orders(rng, number):
    numbers = rng.sample(range(1000, 9999), number)
    return {each: order_of(each, f"Customer {each}", pages=0) for each in numbers}, numbers


def _why_error(error):
    """Say what is behind a size of pieces that is refused, and behind workers that break."""
    if "process pool was terminated" in str(error):
        return UNKNOWN
    return CHUNK if "chunksize" in str(error) else ""
