"""Guess before profile: a function that looks slow is made faster, while another one takes nearly all of the time."""

import cProfile
import pstats
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import pairwise

from kettle.checking.equivalence import Situation, Told, at_one_address
from kettle.probes.looks import count_looks, looked_for
from kettle.probes.memory import peak_bytes
from kettle.probes.ratio import compare
from kettle.probes.work import work

from .world import _line, _read

FEW = 200  # looks into the table for a line; halving 6,000 rows by hand takes 13 steps of two to six


FEW_LINES = 48  # that are counted, when all products have been sold


ROOM = 5_500  # bytes; a receipt of one line takes 2,500, and a mask of all rows 6,000


FOUND = "Which row of the table holds its code?"


ROUNDED = "The tax of each line is rounded by itself, halves up: what is added up, and what rounded?"


CORRECTED = "A corrected order keeps its number, and its lines are others: what is your answer kept under?"


GONE_SINCE = "What is new may get the address (`id`) of what is gone: what is your answer kept under?"


def check_same_receipts(build_receipt, tax_bands, products, same, rng):
    """Whoever gets a receipt reads what the merged code wrote, to the penny."""
    numbers = iter(range(1, 100))

    def product(code, name="Shortbread", pence=None):
        return replace(products[0], name=name, code=code, pence=pence or rng.randrange(100, 9_000))

    def made(*sold):
        number, lines = next(numbers), [(each, rng.randrange(1, 5)) for each in sold]
        return lambda f, w: _made(f, number, list(lines))

    def corrected(f, w, lines):
        f(100, [line, (one, 1)])
        return _made(f, 100, list(lines))

    def read_anew(f, w):
        plain = w.names["build_receipt"]  # `f` keeps what it is given for a while
        made = [partial(product, band.first, pence=300) for band in (here, other)]
        return at_one_address(lambda each: _made(plain, 104, [(each, 1)]), *made)

    def asked_twice(f, w):
        told = []
        for _ in range(2):
            with suppress(LookupError):
                told.append(_made(f, 101, [(product(nowhere), 1)]))
        return told

    (tea, biscuits), inner = rng.sample(products, 2), range(1, len(tax_bands) - 1)
    here, there = (tax_bands[at] for at in sorted(rng.sample(inner, 2)))
    other = rng.choice([band for band in tax_bands if band.percent != here.percent])
    ends = [
        product(code)
        for band in (tax_bands[0], here, there, tax_bands[-1])
        for code in (band.first, band.last)
    ]
    one, line = product(here.first, "Oatcakes"), (tea, 1)
    corrections = {
        "the name of a product": [line, (replace(one, name="Rusks"), 1)],
        "the code of a product": [line, (replace(one, code=other.first), 1)],
        "the price of a product": [line, (replace(one, pence=one.pence + 1), 1)],
        "a quantity": [line, (one, 2)],
        "the order of the lines": [(one, 1), line],
        "the number of lines": [line],
    }
    unsold = [product(rng.randint(band.first, band.last)) for band in rng.sample(tax_bands, 4)]
    left, right = rng.choice([pair for pair in pairwise(tax_bands) if pair[1].first - pair[0].last > 3])
    nowhere = (left.last + right.first) // 2
    taxed = next(band.first for band in tax_bands if band.percent == 20)
    cheap = [(product(taxed, pence=3), 1)] * 10  # half a penny of tax on each line
    rowless = {
        "before the first row": tax_bands[0].first - 1,
        "right behind a row, and in none": left.last + 1,
        "between two rows": nowhere,
        "right before a row, and in none": right.first - 1,
        "behind the last row": tax_bands[-1].last + 1,
    }
    situations = (
        Situation("a receipt is made", made(tea)),
        Situation(
            "two products of one name have two codes",
            made(*map(product, (here.first, other.first))),
            why=_found,
        ),
        Situation("codes stand at the ends of their rows", made(*ends), why=_found),
        Situation("a product is sold for the first time", made(*unsold), why=_found),
        *(
            Situation(f"{what} is corrected", partial(corrected, lines=lines), why=CORRECTED)
            for what, lines in corrections.items()
        ),
        Situation("an order is read anew, and its products are others", read_anew, why=GONE_SINCE),
        Situation("ten lines are cheap", lambda f, w: _made(f, 103, list(cheap)), why=ROUNDED),
        Situation("a receipt has six lines", made(*rng.choices(products, k=6))),
        Situation("a product stands on two lines", made(tea, tea)),
        Situation("an order has no lines", made()),
        Situation("a name needs three lines", made(product(here.last, "Tea with a very long name " * 2))),
        Situation("a line is dear", made(product(there.last, pence=1_234_567))),
        Situation("things are given back", lambda f, w: _made(f, 102, [(tea, -2), (biscuits, 0)])),
        *(
            Situation(f"a code lies {where}", made(tea, product(code)), raises=LookupError)
            for where, code in rowless.items()
        ),
        Situation("a code without a row comes twice", asked_twice),
    )
    same(build_receipt, None, situations, noun=_line)


def check_no_walk(build_receipt, products, tax_bands, same, rng):
    """A line with a product that was sold before looks into the table a few times only."""
    known = [replace(each, code=looked_for(each.code)) for each in products]

    def day(goods):
        lines = [(each, 1) for each in rng.sample(goods, len(goods))]
        return [lines[at : at + 8] for at in range(0, len(lines), 8)]

    def looks(*orders):
        with count_looks(type(tax_bands[0]), ("first", "last")) as looks:
            for lines in orders:
                build_receipt(1, lines)
        return looks.count

    for lines in day(known):
        build_receipt(1, lines)
    each = looks(*day(rng.sample(known, FEW_LINES))) / FEW_LINES
    if each > FEW:
        again, *ends = (
            [(replace(known[0], code=looked_for(code)), 1)]
            for code in (known[0].code, tax_bands[0].first, tax_bands[-1].last)
        )
        for lines in (again, *ends):
            build_receipt(1, lines)
        most = partial(_most, build_receipt, day(products)[:9])
        raise AssertionError(_walks(each, looks(again), [looks(end) for end in ends], most))
    _nothing_made(build_receipt, same.merged.build_receipt, tax_bands, max(products, key=lambda p: p.code))
    return f"A line with a known product looks into the table {each:.0f} times; as merged, some thousands."


def interest_how_much_faster(as_merged, build_receipt, products, rng):
    """How much faster a receipt is here."""
    orders = [[(each, 1) for each in rng.sample(products, 6)] for _ in range(5)]
    ratio = compare(
        lambda: [as_merged(1, lines) for lines in orders],
        lambda: [build_receipt(1, lines) for lines in orders],
        clock="cpu",
    )
    return f"Here, a receipt is {ratio}."


def _made(f, number, lines):
    try:
        return _read(f(number, lines))
    except StopIteration:
        raise Told(
            "your code stops with StopIteration, which a loop around it would take for its end. "
            "What does `next` do when nothing is left, and who is told?"
        ) from None


def _found(difference):
    """Say what a line with another tax has to do with its code."""
    return ROUNDED if str(difference.expected).startswith("Tax in it") else FOUND


def _most(build_receipt, orders):
    """Profile some receipts; return the function with the most time of its own, and its share in percent."""
    with cProfile.Profile() as profile:
        for lines in orders:
            build_receipt(1, lines)
    own = {key[2]: row[2] for key, row in vars(pstats.Stats(profile))["stats"].items()}
    name = max(own, key=own.__getitem__)
    return name, 100 * own[name] / (sum(own.values()) or 1)


def _walks(each, again, ends, most):
    """Say why the table is looked into so often."""
    if again <= FEW:
        return (
            f"A code is found again only until others come: when all products take turns, a line looks into "
            f"the tax table {each:,.0f} times; when one product comes at once again, {again}. How many have to be kept?"
        )
    if min(ends) > 0.8 * max(ends):
        return (
            f"For a line with a code of the very first row, the tax table is looked into {ends[0]:,} times: "
            "all rows are read anew for each receipt. What could be made once, when the program starts?"
        )
    name, share = most()
    return (
        f"Each line walks down the tax table: {each:,.0f} looks for a line, though all products were sold before. "
        f"By cProfile, `{name}` itself has {share:.0f}% of the time, and all else together the rest."
    )


def _nothing_made(build_receipt, merged, bands, product):
    """Neither Python nor C code goes through all rows where no comparison shows it."""
    far, near = [(product, 1)], [(replace(product, code=bands[0].first), 1)]
    build_receipt(1, far)
    few, walk = work(merged, 1, near).instructions, work(merged, 1, far).instructions
    ran = work(build_receipt, 1, far)
    assert not (ran.processes or ran.sent_away), (
        "The tax of a line is looked for in another process: the same work elsewhere. What is already known?"
    )
    assert ran.instructions < few + 0.05 * (walk - few), (
        f"A line with a known product takes {ran.instructions:,} instructions, and {few:,} would do without the "
        "search: something goes through the tax table, or a copy of it. Where is it begun anew for each line?"
    )
    room = peak_bytes(build_receipt, 1, far)
    assert room < ROOM, (
        f"A receipt of one line fills {room / 1000:,.0f} kB and drops it again: something as long as the tax table "
        "is made for each receipt. What could be made once, when the program starts?"
    )
