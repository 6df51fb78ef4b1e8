"""Guess before profile: a function that looks slow is made faster, while another one takes nearly all of the time."""

import cProfile
import pstats
from contextlib import contextmanager
from dataclasses import replace

from kettle.checking import Case, Contract
from kettle.checking.worlds import World
from kettle.lessons.looks import count_looks, looked_for
from kettle.probes.memory import peak_bytes
from kettle.probes.work import work

from .world import line_of, lines_of, till

FEW = 200  # looks into the table for a line; halving 6,000 rows by hand takes 13 steps of two to six
FEW_LINES = 48  # that are counted, when all products have been sold
SHARE = 0.05  # of the walk's instructions
ROOM = 5_500  # bytes; a receipt of one line takes 2,500, and a mask of all rows 6,000


def receipt(build_receipt, w, *names, number=7):
    """Make a receipt of products, as named."""
    sold = [product for name in names for product in w.goods[name]]
    return lines_of(build_receipt(number, [(product, 2) for product in sold]))


def corrected(build_receipt, w):
    """Make a receipt, and then the one that corrects it."""
    receipt(build_receipt, w, "tea", number=8)
    return receipt(build_receipt, w, "cheaper", number=8)


lesson = Contract(
    "build_receipt",
    world=World(("tax_bands", "products", "rng"), till),
    call=receipt,
    noun=line_of("receipt"),
    cases={
        "a product is sold for the first time": Case("new", why={"error": "new"}),
        "an order is corrected": Case(call=corrected, why="corrected"),
        "products of one name have the first and last codes of their rows": Case("ends", why="found"),
        **{
            f"a code is {where}": Case("tea", where, raises=LookupError)
            for where in ("before the first row", "between two rows", "behind the last row")
        },
    },
)


@lesson.cause
def no_walk(build_receipt, products, tax_bands, equivalence, rng):
    """Count how often a line with a known product looks into the table."""
    known = [replace(each, code=looked_for(each.code)) for each in products]

    def looks(*goods):
        with count_looks(type(tax_bands[0]), ("first", "last")) as looks:
            for each in goods:
                build_receipt(1, [(each, 1)])
        return looks.count

    looks(*known)  # what is kept is kept now
    each = looks(*rng.sample(known, FEW_LINES)) / FEW_LINES
    if each > FEW:
        looks(known[0])
        again = looks(known[0])
        assert again > FEW, lesson.say("places", n=each, again=again)
        ends = [replace(known[0], code=looked_for(code)) for code in (tax_bands[0].first, tax_bands[-1].last)]
        looks(*ends)
        first, last = (looks(end) for end in ends)
        assert first <= 0.8 * last, lesson.say("made", n=first)
        raise AssertionError(lesson.say("walks", n=each, **slowest(build_receipt, products)))
    search_in_c(build_receipt, equivalence.merged.build_receipt, tax_bands, products[0])
    return lesson.say("few", n=each)


def slowest(build_receipt, products):
    """Find the function that takes most of the time itself, and its share in percent."""
    with cProfile.Profile() as profile:
        for product in products:
            build_receipt(1, [(product, 1)])
    own = {key[2]: row[2] for key, row in vars(pstats.Stats(profile))["stats"].items()}
    name = max(own, key=own.__getitem__)
    return {"name": name, "share": 100 * own[name] / sum(own.values())}


def search_in_c(build_receipt, merged, bands, product):
    """See that nothing goes through all rows where no comparison shows it."""
    near, far = ([(replace(product, code=band.first), 1)] for band in (bands[0], bands[-1]))
    build_receipt(1, far)
    few, walk = (work(merged, 1, lines).instructions for lines in (near, far))
    ran = work(build_receipt, 1, far).instructions
    assert ran < few + SHARE * (walk - few), lesson.say("copy", n=ran, few=few)
    room = peak_bytes(build_receipt, 1, far)
    assert room < ROOM, lesson.say("mask", kilobytes=room / 1000, rows=len(bands))


@lesson.faster
@contextmanager
def five_receipts(products, rng):
    """Make receipts of six lines."""
    orders = [[(each, 1) for each in rng.sample(products, 6)] for _ in range(5)]
    yield lambda build_receipt: [build_receipt(1, lines) for lines in orders]
