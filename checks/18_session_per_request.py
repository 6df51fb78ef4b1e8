"""A session for each request: every call opens a connection of its own and pays for its handshake."""

import asyncio
import re
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from types import SimpleNamespace

import redis

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.lives import (
    MIXED,
    after_a_failure,
    ends_clean,
    in_one_life,
    lives,
    living,
    service_world,
    some,
    while_it_lives,
)
from kettle.checking.same import Situation, Told, asked, asked_otherwise, fails, shop_world
from kettle.checking.servers import redis_for_check
from kettle.checking.serving import serving
from kettle.probes.calls import count_calls
from kettle.probes.ratio import compare_async
from kettle.shop import Shop
from kettle.shop.data import Data

MISTAKE = "each look-up pays for a handshake of its own"
EXERCISE_MISTAKE = "each click pays for a greeting of its own"
GONE = "The handshakes are gone: look-ups share connections, which end with the service."
EXERCISE_GONE = (
    "The greetings are gone: clicks share the connections of one pool, which ends with the service."
)

HINTS = (
    "Look at the picture: what does each row begin with, and why is there another row for each look-up?",
    "A session keeps its connections until it is closed. When is this one closed, and by what?",
    "What lives as long as the service is made in its lifespan, before the `yield`, and kept on `app`. "
    "How many connections a session may open is a matter of its connector.",
    "`connector = aiohttp.TCPConnector(limit=20)`, then `async with aiohttp.ClientSession(app.office, connector=connector) "
    "as app.session:` around the `yield`; and in `tax_of` only `async with app.session.get(…) as response:`.",
)

EXERCISE_HINTS = (
    "Look at the picture and at the names of the commands: which of them would one click alone not need?",
    "`baskets` looks like a question, and makes a client with a pool of its own. What closes that pool, and when?",
    "Make one pool in the lifespan, and let `add` use it without closing it. What happens when more clicks come than it "
    "has places: does it raise, or wait?",
    "`pool = BlockingConnectionPool.from_url(app.redis, decode_responses=True, retry=AGAIN, max_connections=10)`, then "
    "`async with Redis.from_pool(pool) as app.store:` around the `yield`; and `add` uses `app.store`, without `async with`.",
)

RECALL = (
    Question(
        "`async with aiohttp.ClientSession() as session:` stands in the function that is called for each request. What is kept?",
        ("The connection", "Nothing", "The connection, for 15 seconds"),
        1,
        "The block closes the session, and the session its connections. What is to be kept has to be made outside of the call.",
    ),
    Question(
        "One aiohttp session, all defaults. Sixty requests to one server begin at the same moment. How many connections?",
        ("1", "20", "60"),
        2,
        "In HTTP/1.1 a connection carries one request at a time, and the limit is 100 unless you set it.",
    ),
)

GUESS = Question(
    "A call over a new connection with TLS takes much longer than the server takes to answer it. What takes the time?",
    (
        "The encryption of the answer",
        "Trips there and back before the request",
        "The search for the server's name",
    ),
    1,
    "Both sides have to hear each other before they can go on. This lesson counts it.",
)

CLAIMS = (
    Claim(
        name="call",
        said="“In async code, write `async with aiohttp.ClientSession() as session:` where you make the call.”",
        truth=DOES_NOT_HOLD,
        why="It is the right client in the wrong place: each call connects anew. aiohttp's own documentation says not to "
        "create a session per request.",
        ids=("S2.20", "S4.13"),
    ),
    Claim(
        name="module",
        said="“Share one session: `session = aiohttp.ClientSession(connector=TCPConnector(limit=100))` at the top of the module.”",
        truth=PARTLY,
        why="Sharing is right. But when a module is imported no event loop runs, and aiohttp refuses; and nobody closes what a "
        "module owns. A limit of 100 is the default.",
        ids=("S4.14", "S4.15"),
    ),
    Claim(
        name="one_line",
        said="“With one session there is one connection.”",
        truth=DOES_NOT_HOLD,
        why="One for each request that is under way at the same time, up to the limit.",
    ),
    Claim(
        name="cookies",
        said="“A session is a pool of connections and nothing else.”",
        truth=DOES_NOT_HOLD,
        why="It has headers and a cookie jar, too: what one answer sets, the next request sends, whoever it is for.",
    ),
)

EXCUSED = {
    "arguments": "A look-up is given an app, which is there to keep things on, and a text.",
    "sharing": "A look-up returns a number, which nobody can write into.",
    "order": "A look-up returns one number.",
}
EXERCISE_EXCUSED = {
    "arguments": "A click is given an app, which is there to keep things on, a number and a text."
}

IN_TURN, AT_ONCE, MOST, TOGETHER = 8, 100, 20, 4
CLICKS, PLACES = 110, 10
PATIENCE = 2.0  # seconds; paid by wrong answers only
SESSIONS = ("aiohttp.client:ClientSession.__init__", "httpx._client:AsyncClient.__init__")
CLOSED = (
    "`async with` closes what it is given at the end of its block, also where others use it. Who owns it?"
)
KEPT = "What does a failure leave behind?"
BESIDE = "that one fails, too. What does a failure do to those that it has nothing to do with?"
ELSEWHERE = "The service starts in one task, and requests come in others: a ContextVar that is set in one is not seen in another."


async def check_same_tax(tax_of, same, rng):
    """Whoever looks a tax up gets what the merged code gave, also at once, later, and when a look-up fails."""
    one, two, three = rng.sample(Data.countries, 3)

    async def at_once(f, w):
        async with living(f, w) as ask:
            return await asyncio.gather(*map(ask, (one, two, three, one)))

    situations = (
        Situation("several countries are looked up", in_one_life(one, two, one), seen=asked),
        Situation("a rate changes between two look-ups", while_it_lives(one), between=_raised(one), seen=asked),
        Situation("countries are looked up at once", at_once, seen=asked),
        Situation("the tax office fails once", in_one_life(one), fails(f"/tax/{one}", calls=(1,))),
        Situation("its connections break", in_one_life(one), fails(f"/tax/{one}", status=None)),
        Situation("there is no such country", in_one_life("XX")),
        Situation("a look-up comes after one that failed", after_a_failure("XX", one)),
        Situation("a look-up comes after many that failed", after_a_failure("XX", one, MOST + 1), why=AFTER),
    )  # fmt: skip
    await same(tax_of, _offices(rng), situations, why=WHY)


async def check_look_ups_share_connections(tax_of, same, shop, rng, notes):
    """Look-ups share connections: one is enough in turn, and few are at once."""
    shop.set("tax", latency=0.0)
    app, lifespan = same.names["App"](shop.url), same.names["lifespan"]
    async with serving(lifespan, tax_of, app) as ask:
        with ExitStack() as stack:
            made = [stack.enter_context(count_calls(each)) for each in SESSIONS]
            async with shop.traffic() as traffic:
                for country in rng.choices(Data.countries, k=IN_TURN):
                    await ask(country)
            sessions = sum(calls.count for calls in made)
    assert traffic.connections <= 1, _apart("look-up", traffic.connections, sessions, "session", MISTAKE)
    async with serving(lifespan, tax_of, same.names["App"](shop.url)) as ask:
        # A service that has just started: the pool of httpx opens more connections while it has none.
        calls = [ask(country) for country in rng.choices(Data.countries, k=AT_ONCE)]
        async with shop.traffic() as busy:
            meeting = await same.together(shop, ("tax",) * TOGETHER, *calls, patience=PATIENCE)
    assert meeting.met, _alone("look-up", meeting.most_together)
    assert busy.connections <= MOST, (
        f"{AT_ONCE} look-ups at once went over {busy.connections} connections, and the tax office allows {MOST}: a session "
        "opens as many as are asked for at once, up to its limit. Where is that set?"
    )
    if sessions > 1:
        notes.append(
            f"{sessions} sessions were made for {IN_TURN} look-ups. They share connections; one would do."
        )
    return f"{IN_TURN} look-ups in turn went over one connection, {AT_ONCE} at once over {busy.connections}."


async def check_every_life(tax_of, same, rng):
    """A service works in every life that it may have: again, beside another one, in another event loop."""
    country = rng.choice(Data.countries)

    async def under_way(f, w):
        w.shop.set("tax", max_in_flight=1, hang="first byte")
        async with living(f, w) as ask:
            calls = {asyncio.create_task(ask(country)) for _ in range(2)}
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)  # one of them was refused
            w.shop.set("tax", max_in_flight=None, hang=None)
            told = await asyncio.gather(*calls, return_exceptions=True)
        answers = [each for each in told if not isinstance(each, Exception)]
        if not answers:
            raise Told(BESIDE)
        return answers

    failing = Situation("one look-up fails while another one is under way", under_way, why=WHY)
    await same(tax_of, _offices(rng), (failing, *lives(country, crowd=MOST + 4, why=WHY)))


async def check_nothing_stays_open(tax_of, same, shop, rng):
    """When a service ends, nothing of it stays open."""
    shop.set("tax", latency=0.0)
    ask = partial(some, rng.sample(Data.countries, 3))
    await ends_clean(
        partial(serving, same.names["lifespan"], tax_of), partial(same.names["App"], shop.url), ask
    )


async def interest_how_much_faster(merged_lifespan, as_merged, lifespan, tax_of, same):
    """How much faster look-ups are here."""
    with Shop(handshake=0.01) as shop:
        app = same.names["App"](shop.url)
        async with (
            serving(merged_lifespan, as_merged, app) as before,
            serving(lifespan, tax_of, app) as after,
        ):
            ratio = await compare_async(partial(before, "DE"), partial(after, "DE"), repeat=5)
    return f"Here, with a handshake of a third of its usual time, a look-up is {ratio}."


# --- the exercise: a client of Redis for each click


async def check_exercise_same_baskets(add, same, rng):
    """Whoever clicks gets the basket that the merged code gave, also at once, and when a click fails."""
    ada, esi = rng.sample(Data.customers, 2)
    tea, jam = rng.sample(Data.products, 2)

    def put(w):
        with _behind(w) as store:
            store.hincrby(f"{w.server.prefix}basket:{ada}", jam, 4)

    def spoil(w):
        with _behind(w) as store:
            store.set(f"{w.server.prefix}basket:{esi}", "no basket")

    async def at_once(f, w):
        async with living(f, w) as ask:
            await asyncio.gather(*(ask(*each) for each in [(ada, tea), (ada, tea), (esi, tea), (ada, jam)]))
            return [await ask(ada, jam), await ask(esi, jam)]

    many_fail = after_a_failure((esi, tea), (ada, tea), PLACES + 1)
    situations = (
        Situation("several clicks come in", in_one_life((ada, tea), (esi, tea), (ada, jam), (ada, tea))),
        Situation("somebody else puts something in between two clicks", while_it_lives((ada, tea)), between=put),
        Situation("a click is made again", while_it_lives((ada, tea)), again=True),
        Situation("clicks come in at once", at_once),
        Situation("a click fails", in_one_life((esi, tea)), spoil),
        Situation("a click comes after one that failed", after_a_failure((esi, tea), (ada, tea)), spoil),
        Situation("a click comes after many that failed", many_fail, spoil, why=AFTER),
    )  # fmt: skip
    await same(add, _servers(), situations, why=WHY)


async def check_exercise_clicks_share_connections(add, same, redis_server, rng):
    """Clicks share connections: one is enough in turn, and few are at once."""
    customer, sku = rng.choice(Data.customers), rng.choice(Data.products)
    app = same.names["App"](redis_server.url, redis_server.prefix)
    async with serving(same.names["lifespan"], add, app) as ask:
        with count_calls("redis.asyncio.client:Redis.__init__") as made:
            async with redis_server.traffic() as traffic:
                for _ in range(IN_TURN):
                    await ask(customer, sku)
            clients = made.count
        commands = f"{len(traffic.requests)} commands were sent for {IN_TURN} clicks. "
        apart = _apart("click", traffic.connections, clients, "client", EXERCISE_MISTAKE)
        assert traffic.connections <= 1, commands + apart
        async with (
            redis_server.traffic() as busy,
            redis_server.rendezvous(TOGETHER, patience=PATIENCE) as meeting,
        ):
            told = await asyncio.gather(*(ask(customer, sku) for _ in range(CLICKS)), return_exceptions=True)
        errors = [each for each in told if isinstance(each, BaseException)]
        last = await ask(customer, sku)
    _judge_failed(errors)
    assert meeting.met or not same.compares("overlap"), _alone("click", meeting.most_together)
    assert busy.connections <= PLACES, (
        f"{CLICKS} clicks at once went over {busy.connections} connections, and {PLACES} are allowed. What holds the others back?"
    )
    missing = IN_TURN + CLICKS + 1 - int(last.get(sku, 0))
    assert not missing, (
        f"After {CLICKS} clicks at once, the basket's count is off by {missing}: each click adds one."
    )
    return f"{IN_TURN} clicks in turn went over one connection, {CLICKS} at once over {busy.connections}, and each added one."


async def check_exercise_every_life(add, same, rng):
    """A service works in every life that it may have: again, beside another one, in another event loop."""
    click = (rng.choice(Data.customers), rng.choice(Data.products))

    async def prefixes(f, w):
        apps = [w.app(w), w.app(w)]
        apps[1].prefix += "another:"
        async with living(f, w, apps[0]) as ask, living(f, w, apps[1]) as ask_the_other:
            return {"answer": [await each(*click) for each in (ask, ask_the_other, ask)]}

    two = Situation("two apps with one server live, with a prefix each", prefixes, why={"answer": MIXED})
    await same(add, _servers(), (two, *lives(click, crowd=PLACES + 2, why=WHY)))


async def check_exercise_nothing_stays_open(add, same, redis_server, rng):
    """When a service ends, nothing of it stays open."""
    ask = partial(some, [(customer, "KC-0001") for customer in rng.sample(Data.customers, 3)])
    app = partial(same.names["App"], redis_server.url, redis_server.prefix)
    await ends_clean(partial(serving, same.names["lifespan"], add), app, ask)


# --- what the checks share


def _apart(what, connections, made, noun, mistake):
    opened = f"{IN_TURN} {what}s, one after another, went over {connections} connections"
    if made >= IN_TURN:
        return f"{opened}, and {made} {noun}s were made: {mistake}. How long does a {noun} live?"
    if connections < IN_TURN:
        return f"{opened}, where one is enough. What closes the others, or makes them?"
    return f"{opened}, though {'one' if made == 1 else made or 'no'} {noun} was made meanwhile: what closes a connection when its {what} is done?"


def _alone(what, most):
    return f"Of many {what}s at once, at most {most} were under way together, and {TOGETHER} can be. What do the others wait for?"


def _judge_failed(errors):
    if not errors:
        return
    name = type(errors[0]).__name__
    more = {
        "MaxConnectionsError": "all places of the pool were taken, and a `ConnectionPool` does not wait for one",
        "ConnectionError": "its connection was closed under it, or it found none in time",
    }.get(name, str(errors[0])[:100])
    raise AssertionError(f"Of {CLICKS} clicks at once, {len(errors)} failed with {name}: {more}.")


def _words(error):
    if re.search("connecting to|Cannot connect|connection attempts failed", str(error)):
        return "Does it go to the server of this app, or to that of an app before it?"
    if "Session is closed" in str(error) or "client has been closed" in str(error):
        return CLOSED
    return ELSEWHERE if isinstance(error, LookupError) and "ContextVar" in str(error) else ""


WHY = {"seen": asked_otherwise, "error": _words}
AFTER = {"error": lambda error: _words(error) or KEPT}


def _number(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _raised(country):
    return lambda w: w.shop.answer_with(f"/tax/{country}", answer={"country": country, "percent": 3})


def _offices(rng):
    def app(w, other):
        office, window = w.shop, w.traffic
        if other:
            office = w.stack.enter_context(Shop(1))
            office.set("tax", latency=0.0)
            for country in Data.countries:
                office.answer_with(f"/tax/{country}", answer={"percent": 7})
            window = w.stack.enter_context(office.traffic())
        return w.names["App"](office.url), window

    return service_world(shop_world(rng, latency=0.0, watched=True), app)


def _servers():
    @asynccontextmanager
    async def make():
        with redis_for_check() as server, server.traffic() as traffic:
            yield SimpleNamespace(server=server, traffic=traffic)

    def app(w, other):
        server = w.stack.enter_context(redis_for_check()) if other else w.server
        window = w.stack.enter_context(server.traffic()) if other else w.traffic
        return w.names["App"](server.url, server.prefix), window

    return service_world(make, app)


def _behind(w):
    return redis.Redis.from_url(w.server.url, decode_responses=True)
