"""Leaky handles: files and connections stay open after each order, until no more can be opened."""

import asyncio
import os
import re
from collections import Counter
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import aiohttp

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.lateness import hold_late
from kettle.checking.midway import Midway
from kettle.checking.same import (
    Situation,
    Told,
    another_at_writes,
    asked,
    asked_otherwise,
    overlapping,
    with_another,
)
from kettle.probes.calls import count_calls
from kettle.probes.handles import handles
from kettle.shop import Shop
from kettle.shop.data import Data

MISTAKE = "descriptors more are open"
EXERCISE_MISTAKE = "connections are still in use"
GONE = "The leak is gone: on every way out, a label gives back each descriptor that it took."
EXERCISE_GONE = "The leak is gone: on every way out, an answer gives its connection back to the pool."

HINTS = (
    "Look at the three lines of the table. Which of them could give its handle back before the call is over?",
    "A handle has to be closed on every way out: the end, each `return`, each exception. Who still refers to it does not matter then.",
    "`with open(…) as template:` closes on every way out, and `with closing(thing) as thing:` does it for whatever has a `close()`. "
    "When may the label be opened, if an order that fails is to leave no empty one?",
    "`with open(…) as template, closing(http.client.HTTPConnection(desk.larder)) as larder:` around the whole call, and in it, "
    'as soon as the text is known, `with open(…, "w", …) as label:`. `desk.opened` is not needed.',
)

EXERCISE_HINTS = (
    "Which calls of the second round have their whole answer, and which only its beginning?",
    "A response keeps its connection until its body was read to the end, or until it is released.",
    "`async with api.get(…) as response:` releases it on every way out; the entry for the report does not need a connection.",
    '`async with api.get(f"/suppliers/{supplier}/stock") as response:`, and the rest of the function inside of it.',
)

RECALL = (
    Question(
        "`def head(path): return open(path).readline()`, called a thousand times. In CPython, how many files stay open?",
        ("A thousand", "None", "As many as the limit allows"),
        1,
        "Nothing refers to the file after the line, so it is taken apart and closed. A list that keeps it would change that.",
    ),
    Question(
        "`@contextmanager`, and in it `thing = acquire(); yield thing; thing.close()`. The block raises. What is closed?",
        ("Nothing", "The thing", "The thing, but later"),
        0,
        "The exception comes out of the `yield`: what stands after it runs only from a `finally`.",
    ),
)

GUESS = Question(
    "A function opens a file, and raises before its `file.close()`. Somebody keeps the exception. Is the file open?",
    ("Yes", "No, the function has ended", "Only on Windows"),
    0,
    "The exception refers to its traceback, that to the function's frame, and that to its variables.",
)

CLAIMS = (
    Claim(
        name="session",
        said="“requests.Session() in a loop, without close, leaks a connection each time.”",
        truth=DOES_NOT_HOLD,
        why="In CPython a session that nobody refers to is taken apart at once, with its connections. What it wastes "
        "is that each one connects anew. What is kept in a list does leak.",
        ids=("S1.11",),
    ),
    Claim(
        name="unclosed",
        said="“Files, database and HTTP connections that are not closed use up what the system has.”",
        truth=PARTLY,
        why="What something still refers to does. The rest is closed when the last reference goes, which may be late: "
        "with the exception that holds it, or whenever another Python than CPython gets to it.",
        ids=("S1.10",),
    ),
    Claim(
        name="contextmanager",
        said="“With @contextmanager or @asynccontextmanager, cleaning up cannot be forgotten.”",
        truth=PARTLY,
        why="Callers cannot forget it. The author can: what stands after the `yield` is skipped when the block raises, "
        "unless it stands in a `finally`.",
        ids=("S1.12",),
    ),
    Claim(
        name="exhausted",
        said="“Close everything by `with`, and a connection pool is never exhausted.”",
        truth=PARTLY,
        why="It is not exhausted by leaks. More users at once than the pool has places, or a `with` around a long wait, "
        "exhaust it as well.",
        ids=("S1.19",),
    ),
)

EXCUSED = {
    "overlap": "A plain function: two labels at once are two threads, and have a situation of their own."
}

TIMES = 3
PATIENCE = 2.0  # seconds; paid by wrong answers only
LATE = 0.1  # seconds, in beats of the client's; paid by who reads all of an answer
BIG = 1_000_000  # bytes; an answer of this size is not there as a whole before it is read


def check_same_labels(print_label, same, rng):
    """A desk prints what it printed before: fresh, whole, and nothing for an order that fails."""
    order, other = _order(7, "DE", rng), _order(8, "FR", rng)
    several = [_order(number, country, rng) for number, country in enumerate(TEMPLATES)]

    def one(f, w, order=order):
        return f(_desk(w), dict(order))

    def tried(f, w):
        try:
            value = one(f, w)
        except Exception:  # noqa: BLE001 - what it is may change with the client
            return _spool(w)
        raise Told(
            f"it has to fail, and your code returns {value!r}: a failure that nobody sees. Who is told?"
        )

    def two(f, w):
        desk = _desk(w)
        return with_another(
            lambda looked: f(desk, looked), order, lambda: f(desk, dict(other)), lambda: asked(w)
        )

    def same_order(f, w):
        desk = _desk(w)

        def one():
            return f(desk, dict(order))

        return another_at_writes(one, one, w.folder, lambda: asked(w))

    def after_a_label(spoil=None):
        def prepare(w):
            (w.spool / "7.txt").write_text("an earlier label", encoding="utf-8")
            if spoil:
                spoil(w)

        return prepare

    whole, fresh, none = (
        {"seen": _seen, "why": {"seen": _in_the_spool(why)}} for why in (WHOLE, FRESH, NO_LABEL)
    )
    situations = (
        Situation("a label is printed", one, **whole),
        Situation("several labels are printed", lambda f, w: [one(f, w, each) for each in several], **whole),
        Situation("an order is printed again", one, again=True, **whole),
        Situation("the courier's price changes between two labels", one, between=lambda w: w.shop.revise()),
        Situation("the template changes between two labels", one, between=_new_template, **fresh),
        Situation(
            "nobody delivers", lambda f, w: one(f, w, order | {"courier": 99}), after_a_label(), **none
        ),
        Situation(
            "somebody else prints at the same desk in the middle of a label",
            two,
            **whole | {"seen": _left_by_two},
        ),
        Situation(
            "somebody else prints the same order just before its label is written or renamed",
            same_order,
            **whole | {"seen": _left_by_two},
        ),
        Situation(
            "somebody else opens something at the same desk in the middle of a label",
            _opens_one(order),
            **whole,
        ),
        Situation(
            "two print at one desk at once, and the first one is done first",
            lambda f, w: overlapping(lambda looked: f(_desk(w), looked), order, other, "courier"),
            **whole,
        ),
        Situation("nobody delivers, and somebody prints that order meanwhile, corrected", _corrected(order)),
        *(
            Situation(when, tried, after_a_label(spoil), why=NO_LABEL)
            for when, _, spoil in _ways(order)
            if spoil
        ),
    )
    same(print_label, _world(rng), situations)


def check_every_way_out_closes(print_label, same, rng):
    """Whichever way a call ends, what it opened is closed, and by its own code."""
    order = _order(7, "DE", rng)
    with _world(rng)() as w:  # what a library opens once, at its first use, is no leak
        w.names = same.names
        print_label(_desk(w), dict(order))
    for when, changed, spoil in _ways(order):
        with _world(rng)() as w:
            w.names = same.names
            desk, kept = _desk(w), []
            if spoil:
                spoil(w)
            with count_calls("gc:collect") as collecting, handles() as found:
                for _ in range(TIMES):
                    try:
                        print_label(desk, dict(changed))
                    except Exception as error:  # noqa: BLE001 - whoever reports it keeps it
                        kept.append(error)
                collections, listed = collecting.count, len(desk.opened) - 1
            _judge_open(when, found, kept, listed, collections)
            assert listed <= 0, (
                f"When {when}, `desk.opened` is {listed} longer after {TIMES} calls: closed, and kept all night. Who needs it?"
            )
    return f"On {len(_ways(order))} ways out, {TIMES} calls each left no descriptor open."


# --- the exercise: an answer that was not read to its end


async def check_exercise_same_mirror(refresh, same, rng):
    """The mirror holds what it held, whatever is new, late or failing."""
    first, second, third = rng.sample(Data.suppliers, 3)

    def ask(*suppliers, then=None):
        async def call(f, w):
            mirror = w.mirror = w.names["Mirror"]()
            told = [await f(w.api, supplier, mirror) for supplier in suppliers]
            if then:
                then(w)
                told += [await f(w.api, supplier, mirror) for supplier in suppliers]
            return _held(mirror, told)

        return call

    def tried(spoil):
        async def call(f, w):
            mirror = w.mirror = w.names["Mirror"]()
            await f(w.api, first, mirror)
            w.shop.revise()
            spoil(w)
            with suppress(Exception):
                await f(w.api, first, mirror)
            return _held(mirror, [])

        return call

    async def at_once(f, w):
        mirror = w.mirror = w.names["Mirror"]()
        return _held(
            mirror, await asyncio.gather(*(f(w.api, each, mirror) for each in (first, second, third)))
        )

    path, page = f"/suppliers/{first}/stock", {"answer": "Back soon.", "content_type": "text/html"}
    failing = (
        ("the supplier fails", lambda w: w.shop.break_calls(path)),
        ("the connection breaks", lambda w: w.shop.break_calls(path, status=None)),
        ("the answer stops half-way", lambda w: w.shop.set("stock", cut_body=True)),
        ("the answer holds no levels", lambda w: w.shop.answer_with(path, answer={"supplier": first})),
        ("the answer is a page that is no JSON", lambda w: w.shop.answer_with(path, **page)),
    )
    seen = {"seen": _client}
    situations = (
        Situation("suppliers are new", ask(first, second, third), **seen),
        Situation("nothing is new", ask(first, second, then=lambda w: None), **seen),
        Situation(
            "a supplier's stock has changed", ask(first, second, then=lambda w: w.shop.revise()), **seen
        ),
        Situation(
            "nothing is new, and the rest of an answer is late",
            ask(first, then=lambda w: hold_late(w.shop, ["stock"], LATE, point="mid body")),
        ),
        Situation("a supplier is asked twice in a round", ask(first, second, first), **seen),
        Situation("three suppliers are asked at once", at_once),
        Situation(
            "a call is given up in the middle of its answer, and others go on", _given_up(first, second)
        ),
        Situation("there is no such supplier", ask(999)),
        *(Situation(when, ask(first), spoil) for when, spoil in failing),
        *(Situation(f"{when}, and the mirror had its stock", tried(spoil)) for when, spoil in failing),
    )
    why = {
        "seen": _closed_or_asked,
        "report": "Each answer has its entry in `mirror.answers`, with its `status`, whatever it says, "
        "in the order in which they begin to come.",
        "versions": "A version without its levels: the mirror would never ask for them again.",
    }
    await same(refresh, _clients(rng), situations, why=why)


async def check_exercise_every_way_out_releases(refresh, same, rng):
    """Whichever way a call ends, its connection is given back, and by its own code."""
    supplier = rng.choice(Data.suppliers)
    ways = (
        ("nothing is new", lambda w: None),
        ("a supplier has something new", lambda w: w.mirror.versions.clear()),
        ("a supplier fails", lambda w: w.shop.break_calls(f"/suppliers/{supplier}/stock")),
    )
    async with _clients(rng, size=BIG)() as w:
        w.mirror = same.names["Mirror"]()
        await refresh(w.api, supplier, w.mirror)
        for when, spoil in ways:
            spoil(w)
            kept = []
            async with handles(patience=0.2) as found:
                for _ in range(TIMES):
                    try:
                        await refresh(w.api, supplier, w.mirror)
                    except aiohttp.ClientError as error:
                        kept.append(error)  # as whoever reports it does
            left = len(found.connections)
            assert not left, (
                f"When {when}, {left} connections are still in use after {TIMES} calls: their answers were neither read "
                "to the end nor released. Which way out goes past it?"
            )
    return f"On {len(ways)} ways out, {TIMES} calls each left no connection in use."


async def check_exercise_suppliers_overlap(refresh, same, shop, rng):
    """While one supplier is asked, so can be others."""
    mirror = same.names["Mirror"]()
    async with shop.session() as api:
        calls = [refresh(api, supplier, mirror) for supplier in rng.sample(Data.suppliers, 3)]
        meeting = await same.together(shop, ("stock",) * 3, *calls, patience=PATIENCE)
    assert meeting.met, (
        f"Of 3 suppliers asked at once, only {meeting.most_together} were in flight together. What does one wait for?"
    )


# --- what the checks share

TEMPLATES = {
    "DE": "DE → {name}, {postcode}: {price} p, {days} d",
    "FR": "\r\n  {name}\r\n\r\n{postcode} FR\r\n",  # saved on Windows
    "GB": "",
}
NAMES = ("Ada Berg", "Jürgen Haas", "Esi Moreau", "Léa Grau")
WHOLE = "Is the label whole when the call is over, the same to its line ends, and nothing beside it?"
FRESH = "The template was changed, by an older file: what is kept from an earlier label?"
NO_LABEL = "An order that cannot be printed leaves the spool as it was: when is the label opened?"


def _order(number, country, rng):
    return {
        "number": number,
        "name": rng.choice(NAMES),
        "country": country,
        "courier": rng.choice(Data.couriers),
        "postcode": f"{rng.randrange(100_000):05}",
    }


def _ways(order):
    """Ways out of a call: when, the order, and what the world does (None: nothing)."""
    path = f"/couriers/{order['courier']}/quote"
    return (
        ("a label is printed", order, None),
        ("nobody delivers", order | {"courier": 99}, None),
        ("the quote fails with status 503", order, lambda w: w.shop.break_calls(path)),
        ("the connection breaks", order, lambda w: w.shop.break_calls(path, status=None)),
        ("the template asks for what the order lacks", order, lambda w: _new_template(w, "{phone}")),
        ("there is no template for the country", order, lambda w: (w.folder / "DE.txt").unlink()),
        ("a folder stands where the label should go", order, _folder_for_a_label),
    )


def _world(rng):
    """Return a world with a shop, three templates, a spool, and a log book that is open all night."""
    seed = rng.randrange(1 << 30)

    @contextmanager
    def world():
        with (
            Shop(seed) as shop,
            TemporaryDirectory(ignore_cleanup_errors=True) as name,
            shop.traffic() as traffic,
        ):
            shop.set(latency=0.0)
            w = SimpleNamespace(
                shop=shop, traffic=traffic, folder=Path(name), spool=Path(name) / "spool", desk=None
            )
            w.spool.mkdir()
            for country, text in TEMPLATES.items():
                (w.folder / f"{country}.txt").write_text(text, encoding="utf-8", newline="")
            try:
                yield w
            finally:
                if w.desk:
                    w.desk.close()

    return world


def _desk(w):
    if w.desk is None:
        w.desk = w.names["Desk"](w.folder, w.spool, w.shop.url.removeprefix("http://"))
        w.desk.opened.append(_Book())
    return w.desk


def _opens_one(order):
    def call(f, w):
        desk, late = _desk(w), [_Book()]

        def opens():
            if late:  # once, however often the order is looked at
                desk.opened.append(late.pop())

        return with_another(lambda looked: f(desk, looked), order, opens)["the first"]

    return call


def _corrected(order):
    def call(f, w):
        desk, left = _desk(w), [_spool(w)]

        def other():
            f(desk, order | {"name": f"{NAMES[0]} {len(left)}"})
            left.append(_spool(w))

        def one(looked):
            value = f(desk, looked)
            if _spool(w) != left[-1]:
                raise Told("theirs is not in the spool any more. What does your code put back, or take away?")
            return value

        return with_another(one, order | {"courier": 99}, other)

    return call


def _new_template(w, text="new: {name} {price}"):
    (w.folder / "DE.txt").write_text(text, encoding="utf-8")
    os.utime(w.folder / "DE.txt", (1e9, 1e9))  # put back from an older copy


def _folder_for_a_label(w):
    (w.spool / "7.txt").unlink(missing_ok=True)
    (w.spool / "7.txt").mkdir()


def _spool(w):
    return {
        path.name: path.read_bytes().decode().replace(os.linesep, "\n") if path.is_file() else "a folder"
        for path in sorted(w.spool.iterdir())
    }


def _seen(w):
    books = [each.state for each in w.desk.opened if isinstance(each, _Book)]
    return {"book": books, "spool": _spool(w), "asked": asked(w)}


def _left_by_two(w):
    """The other one prints at each look into the order, so what is asked depends on the number of looks."""
    return {what: seen for what, seen in _seen(w).items() if what != "asked"}


def _in_the_spool(why):
    def told(found):
        if found.path[0] == "book":
            return "what others have put into `desk.opened` for the whole night is closed, or gone from it. Whose is it?"
        if found.path[0] == "asked":
            return "the larder " + asked_otherwise(replace(found, path=found.path[1:])).removeprefix(
                "the shop "
            )
        what = {"missing": "is missing", "extra": "is there, and was not before"}.get(
            found.kind, f"holds {found.given!r}, and held {found.expected!r}"
        )
        return f"`{found.path[-1]}` in the spool {what}. {why}"

    return told


class _Book:
    state = "open"

    def close(self):
        self.state = "closed"


def _judge_open(when, found, kept, listed, collections):
    left = found.opened_left
    kinds = Counter(Path(each.what).name if each.kind == "file" else each.kind for each in left)
    more = "1 descriptor more is" if len(left) == 1 else f"{len(left)} descriptors more are"
    what = ", ".join(f"{number} × {name}" for name, number in sorted(kinds.items()))
    who = "Which way out goes past the closing?"
    if listed > 0:
        who = "`desk.opened` refers to them until the night is over."
        if collections:
            who += f" And gc.collect() ran {collections} times: it takes apart only what nothing refers to."
    elif len(left) < TIMES:
        who = "Is that kept for a later call? Each call closes its own."
    elif kept:
        who = "Each exception is kept, as whoever reports it does, and refers to the call's variables. Which line closes them when it raises?"
    assert not left, f"When {when}, {more} open after {TIMES} calls ({what}). {who}"
    assert not found.warnings, (
        f"When {when}, nothing stays open, but not by your code: Python closes what nothing refers to any more, "
        f"and complains of it with a ResourceWarning, such as for {_unclosed(found.warnings[0])}."
    )


def _unclosed(warning):
    name = re.search(r"name='([^']+)'", warning)
    return f"the file {Path(name[1]).name}" if name else "a socket" if "socket" in warning else f"“{warning}”"


def _clients(rng, size=0):
    """Return a world with a shop and a client whose connections are closed as soon as they are free."""
    seed = rng.randrange(1 << 30)

    @asynccontextmanager
    async def world():
        with Shop(seed) as shop:
            shop.set(latency=0.0, size=size)
            midway = Midway()
            async with (
                shop.traffic() as traffic,
                shop.session(
                    trace_configs=[midway.trace],
                    connector=aiohttp.TCPConnector(force_close=True, limit=20),
                ) as api,
            ):
                yield SimpleNamespace(shop=shop, api=api, traffic=traffic, midway=midway)

    return world


def _given_up(first, second):
    """Give one call up in the middle of its answer, while another goes on and a third fails."""

    async def call(f, w):
        mirror = w.names["Mirror"]()
        await f(w.api, first, mirror)
        w.shop.revise()
        w.shop.set("stock", hang="mid body")
        one, other = [await w.midway.begun(f(w.api, each, mirror)) for each in (first, second)]
        one.cancel()
        await asyncio.wait([one], timeout=PATIENCE)
        with suppress(Exception):
            await f(w.api, 999, mirror)
        w.shop.set("stock", hang=None)
        return _held(mirror, [await other])

    return call


def _held(mirror, told):
    report = [getattr(answer, "status", None) for answer in mirror.answers]
    return {"told": list(told), "stock": mirror.stock, "versions": mirror.versions, "report": report}


def _client(w):
    return {"client": "closed" if w.api.closed else "open", "asked": asked(w), "calls": len(w.midway.calls)}


def _closed_or_asked(found):
    if found.path[0] == "client":
        return "the client is closed, and it is the caller's. Who else uses it?"
    if found.path[0] == "calls":
        return f"the caller's client makes {found.given} calls, and made {found.expected}. Whose connections are used?"
    return asked_otherwise(replace(found, path=found.path[1:]))
