"""One await at a time: independent calls wait for each other."""

from kettle.checking.equivalence import (
    Situation,
    asked,
    asked_otherwise,
    fails,
    late,
    revised,
    shop_world,
    shuffled,
    slow_timers,
)
from kettle.checking.words import many
from kettle.probes.calls import count_calls
from kettle.probes.tasks import watch_tasks
from kettle.shop.data import SOLD_OUT, Data

from .world import PATIENCE, _why_not


async def check_same_board(stock_board, same, rng):
    """Whoever makes a board gets what the merged code gave, whoever answers first or fails."""
    sold_out = rng.choice([number for number in Data.suppliers if number % SOLD_OUT == 0])
    suppliers = [sold_out, *rng.sample([number for number in Data.suppliers if number != sold_out], 4)]
    doubled = [*suppliers[:2], suppliers[0]]

    def board(which):
        return lambda f, w: f(w.api, list(which))

    def down(*which, **calls):
        return fails(*(f"/suppliers/{number}/stock" for number in which), **calls)

    def no_levels(w):
        w.shop.answer_with(f"/suppliers/{suppliers[2]}/stock", answer={"supplier": suppliers[2]})

    situations = (
        Situation("a board is made", board(suppliers), seen=asked, ordered_keys=True),
        Situation(
            "suppliers answer in another order", board(suppliers), shuffled("stock"), ordered_keys=True
        ),
        Situation("the suppliers are late", board(suppliers), late(0.05, "stock"), impatient=True),
        Situation("the stock changes between two boards", board(suppliers), between=revised),
        Situation("a board is made again", board(suppliers), again=True),
        Situation("there is no supplier", board([])),
        Situation("there is one supplier", board(suppliers[:1])),
        Situation("a supplier is named twice", board(doubled)),
        Situation(f"supplier {suppliers[3]} fails once", board(suppliers), down(suppliers[3], calls=(1,))),
        Situation(
            f"supplier {suppliers[0]}, named twice, fails once",
            board(doubled),
            down(suppliers[0], calls=(1,)),
        ),
        Situation("a supplier's answer has no levels", board(suppliers), no_levels),
        Situation("all suppliers fail", board(suppliers[:2]), down(*suppliers[:2])),
    )
    await same(
        stock_board, shop_world(rng, watched=True), situations, noun="supplier", why={"seen": asked_otherwise}
    )


async def check_calls_overlap(stock_board, shop, rng):
    """All suppliers are asked before the first one has answered."""
    shop.set("stock", latency=0.0)  # they are held as long as they have to be
    for number in (2, 5, len(shop.data.suppliers)):
        suppliers = rng.sample(shop.data.suppliers, number)
        with (
            count_calls("asyncio.tasks:gather") as gathers,
            count_calls("asyncio.tasks:sleep") as sleeps,
            watch_tasks() as tasks,
        ):
            async with (
                shop.session() as api,
                shop.rendezvous(number, ("stock",), patience=PATIENCE) as meeting,
            ):
                with slow_timers():  # who asks by the clock asks too late
                    await stock_board(api, suppliers)
                one_by_one, made = tasks.peak <= 1, (gathers.count, tasks.created)
        pauses = sum(slept["delay"] > 0 for slept in sleeps.arguments)
        assert meeting.met or not pauses, (
            f"{many(pauses, 'call')} waited by the clock before being sent, while those sent first were being "
            "answered. What do the pauses wait for?"
        )
        assert meeting.met, (
            _why_not(*made)
            if one_by_one and meeting.most_together == 1
            else f"Of {number} calls only {meeting.most_together} were in flight together. "
            "What do the others wait for?"
        )
    return f"All {meeting.most_together} calls were in flight together."


async def check_boards_overlap(stock_board, same, shop, rng):
    """While one board waits, another one can be made."""
    shop.set("stock", latency=0.0)
    async with shop.session() as api:
        boards = [stock_board(api, rng.sample(shop.data.suppliers, 4)) for _ in range(2)]
        meeting = await same.together(shop, ("stock",) * 8, *boards, patience=PATIENCE)
    assert meeting.met, (
        f"Of two boards made at once, only {meeting.most_together} of 8 calls were in flight together: "
        "while one board waits, nothing else runs. Is there a thread that is joined, a client that blocks, "
        "or one lock for all boards?"
    )
