"""A session for each request: every call opens a connection of its own and pays for its handshake."""

import asyncio
from contextlib import ExitStack
from functools import partial

from kettle.checking import words_of
from kettle.checking.causes.lives import (
    after_a_failure,
    ends_clean,
    in_one_life,
    lives,
    living,
    service_world,
    some,
    while_it_lives,
)
from kettle.checking.causes.serving import serving
from kettle.checking.equivalence import Situation, Told, asked, fails, shop_world
from kettle.probes.calls import count_calls
from kettle.probes.ratio import compare_async
from kettle.shop import Shop
from kettle.shop.data import Data

from .world import AFTER, AT_ONCE, IN_TURN, MOST, PATIENCE, TOGETHER, WHY, _alone, _apart

MISTAKE = words_of(__file__).lesson.mistake

SESSIONS = ("aiohttp.client:ClientSession.__init__", "httpx._client:AsyncClient.__init__")


BESIDE = "that one fails, too. What does a failure do to those that it has nothing to do with?"


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
            ratio = await compare_async(partial(before, "DE"), partial(after, "DE"))
    return f"Here, with a handshake of a third of its usual time, a look-up is {ratio}."


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
