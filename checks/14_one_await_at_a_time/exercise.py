"""The stock board: a comprehension that awaits asks one supplier after another."""

from contextlib import asynccontextmanager

from kettle.checking import Case, Contract, worlds
from kettle.checking.equivalence import asked, asked_otherwise, late, revised, shuffled
from kettle.lessons.overlap import CallersOverlap, Overlap
from kettle.shop.data import SOLD_OUT, Data


def draw(rng, _):
    """Draw five suppliers, the first of which has nothing."""
    sold_out = rng.choice([number for number in Data.suppliers if number % SOLD_OUT == 0])
    others = rng.sample([number for number in Data.suppliers if number != sold_out], 4)
    return {"suppliers": [sold_out, *others], "third": others[1]}


def no_levels(w):
    """Let the third supplier's answer have no levels."""
    w.shop.answer_with(f"/suppliers/{w.third}/stock", answer={"supplier": w.third})


def named_twice(board, w):
    """Ask for a board in which the first supplier is named twice."""
    return board(w.api, [*w.suppliers[:2], w.suppliers[0]])


exercise = Contract(
    "stock_board",
    world=worlds.shop(draw),
    call=lambda board, w, few=None: board(w.api, w.suppliers[:few]),
    observe=asked,
    noun="supplier",
    why={"seen": asked_otherwise},
    cases={
        "a board is made": Case(ordered_keys=True),
        "suppliers answer in another order": Case(prepare=shuffled("stock"), ordered_keys=True),
        "the suppliers are late": Case(prepare=late(0.05, "stock"), impatient=True),
        "the stock changes between two boards": Case(between=revised),
        "there is no supplier": Case(0),
        "a supplier is named twice": Case(call=named_twice, observe=False),
        "a supplier's answer has no levels": Case(prepare=no_levels),
    },
    fails={"third supplier": "/suppliers/{third}/stock"},
)


def a_board(board, api, shop, number=4):
    """Ask for a board of the shop's first suppliers."""
    return board(api, list(shop.data.suppliers)[:number])


exercise.cause(Overlap(a_board, ("stock",), numbers=(2, 5, len(Data.suppliers))))
exercise.cause(CallersOverlap(a_board, ("stock",) * 4, "board"))


@exercise.faster
@asynccontextmanager
async def one_board(shop):
    """Let the shop answer in a quarter of its usual time, and ask for a board."""
    shop.set("stock", latency=shop.settings["stock"].latency / 4)
    async with shop.session() as api:
        yield lambda board: a_board(board, api, shop)
