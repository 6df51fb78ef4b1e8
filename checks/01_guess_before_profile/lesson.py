"""Guess before profile: a function that looks slow is made faster, while another one takes nearly all of the time."""

import cProfile
import pstats
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace

from kettle.checking import Case, Contract
from kettle.checking.worlds import World
from kettle.lessons.looks import count_looks, looked_for
from kettle.probes.memory import peak_bytes
from kettle.probes.work import work

from .world import line_of, lines_of

FEW = 200  # looks into the table for a line; halving 6,000 rows by hand takes 13 steps of two to six
FEW_LINES = 48  # that are counted, when all products have been sold
SHARE = 0.05  # of the walk's instructions
ROOM = 5_500  # bytes; a receipt of one line takes 2,500, and a mask of all rows 6,000


def till(tax_bands, products, rng):
    """Return what makes products of all kinds, by name."""

    def product(code, name="Shortbread"):
        return replace(products[0], name=name, code=code, pence=rng.randrange(100, 9_000))

    inner = tax_bands[1:-1]
    here = rng.choice([band for band in inner if band.percent == 20])
    there = rng.choice([band for band in inner if band.percent != here.percent])
    gap = next(at for at in range(99, 6_000) if tax_bands[at + 1].first - tax_bands[at].last > 3)
    drawn = {
        "tea": products[0],
        "new": product(rng.randint(here.first, here.last), "New"),
        "namesakes": [product(here.first), product(there.first)],
        "ends": [
            product(code) for band in (tax_bands[0], here, tax_bands[-1]) for code in (band.first, band.last)
        ],
        "before the first row": product(tax_bands[0].first - 1),
        "between two rows": product(tax_bands[gap].last + 2),
        "behind the last row": product(tax_bands[-1].last + 1),
        "cheaper": replace(products[0], pence=products[0].pence - 1),
    }
    return lambda: nullcontext(SimpleNamespace(goods=drawn))


def receipt(build_receipt, w, *names):
    """Make a receipt of products, as named."""
    sold = [
        each
        for name in names
        for each in (w.goods[name] if isinstance(w.goods[name], list) else [w.goods[name]])
    ]
    return lines_of(build_receipt(sum(map(ord, "".join(names))), [(each, 2) for each in sold]))


def corrected(build_receipt, w):
    """Make a receipt, and then the one that corrects it."""
    build_receipt(8, [(w.goods["tea"], 1)])
    return lines_of(build_receipt(8, [(w.goods["cheaper"], 1)]))


def sold_first(_error):
    """Return the sentence for a product that today's table does not have."""
    return lesson.say("new")


lesson = Contract(
    "build_receipt",
    world=World(("tax_bands", "products", "rng"), till),
    call=receipt,
    noun=line_of("receipt"),
    cases={
        "a product is sold for the first time": Case("new", why={"error": sold_first}),
        "two products of one name have two codes": Case("namesakes", why="found"),
        "codes are the first and the last of their rows": Case("ends", why="found"),
        "an order is corrected": Case(call=corrected, why="corrected"),
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

    looks(*known)
    each = looks(*rng.sample(known, FEW_LINES)) / FEW_LINES
    if each > FEW:
        looks(known[0])
        ends = [replace(known[0], code=looked_for(code)) for code in (tax_bands[0].first, tax_bands[-1].last)]
        looks(*ends)
        raise AssertionError(
            walks(build_receipt, products, each, looks(known[0]), *(looks(end) for end in ends))
        )
    in_c(build_receipt, equivalence.merged.build_receipt, tax_bands, max(products, key=lambda p: p.code))
    return lesson.say("few", n=each)


def walks(build_receipt, products, each, again, first, last):
    """Say why the table is looked into so often."""
    if again <= FEW:
        return lesson.say("places", n=each, again=again)
    if first > 0.8 * last:
        return lesson.say("made", n=first)
    with cProfile.Profile() as profile:
        for product in products:
            build_receipt(1, [(product, 1)])
    own = {key[2]: row[2] for key, row in vars(pstats.Stats(profile))["stats"].items()}
    name = max(own, key=own.__getitem__)
    return lesson.say("walks", n=each, name=name, share=100 * own[name] / (sum(own.values()) or 1))


def in_c(build_receipt, merged, bands, product):
    """See that nothing goes through all rows where no comparison shows it."""
    far, near = [(product, 1)], [(replace(product, code=bands[0].first), 1)]
    build_receipt(1, far)
    few, walk = work(merged, 1, near).instructions, work(merged, 1, far).instructions
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
