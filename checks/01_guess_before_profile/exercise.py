"""Guess before profile: what looks slow is made faster, and another function has nearly all of the time."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from string import punctuation

from kettle.checking.equivalence import Situation, with_another
from kettle.probes.looks import count_looks, looked_for
from kettle.probes.ratio import compare, far_from
from kettle.probes.work import work

from .world import _line, _read

MANY = 3_200  # sales, each to another buyer


def check_same_export(export, same, rng):
    """The accountants get the text that the merged code wrote, character by character."""
    buyer, sale, roll = same.merged.Buyer, same.merged.Sale, rng.randrange
    home = buyer("Ada Kaya", "4 Mill Lane", "KC4")
    others = {"name": "Ben Kaya", "street": "5 Mill Lane", "postcode": "KC5"}
    alike = [home, *(replace(home, **{field: value}) for field, value in others.items())]

    def sold(*who):
        return [sale(roll(9_999), replace(each), rng.choice(("Tea", "Tin")), roll(1, 99_999)) for each in who]

    def exported(*who):
        sales = sold(*who)
        return lambda f, w: _rows(f(list(sales)))

    def parted(f, w):
        plain = w.names["export"]  # `f` copies what it is given
        return [_rows(plain(list(sales))) for sales in split]

    def returned(f, w):
        return _rows(
            f([sale(1, home, 'A "gift", large', 250), sale(1, home, "", -250), sale(2, home, "", 0)])
        )

    def broken_off(f, w):
        with suppress(Exception):
            f([*twice, priceless])
        return _rows(f(list(twice)))

    def both(f, w):
        mine = [*twice, twice[0]]
        return with_another(lambda looked: _rows(f(looked)), mine, lambda: _rows(f(twice[::-1])))

    signs = [sign for sign in map(chr, range(256)) if not sign.isalnum()]
    signs += ["", "\0\0", "\r\n", *"•→␞␟\u2028\ue000\uffff\U0010ffff"]
    signs += [form for sign in punctuation for form in (sign * 2, f"{sign} ", f" {sign} ")]
    split = [
        sold(buyer(f"Ng{sign}1", "A", "B"), buyer("Ng", f"1{sign}A", "B"), buyer("Ng", "1", f"A{sign}B"))
        for sign in signs
    ]
    twice = sold(home, alike[1])
    priceless = replace(twice[0], pence=None)
    many = [buyer(f"N{roll(30)}", f"{roll(3)} Mill Lane", f"KC{roll(3)}") for _ in range(300)]
    situations = (
        Situation("there is one sale", exported(home)),
        Situation(
            "sales are exported twice, in another order",
            lambda f, w: [_rows(f(twice[::step])) for step in (1, -1)],
            why=KEPT,
        ),
        Situation("an export ends in an error, and another one follows", broken_off, why=KEPT),
        Situation("a buyer comes back", lambda f, w: _rows(f([twice[0], twice[1], twice[0]])), why=MARKED),
        Situation("buyers are alike, but for one field", exported(*alike, *reversed(alike)), why=_who),
        Situation("a name has a comma", exported(buyer("Moss, Ben", "1 Mill Lane", "KC1"), home)),
        Situation("fields end where others begin", parted, why=_who),
        Situation("sales are exported", exported(*many)),
        Situation("there are no sales", exported()),
        Situation("a name has a line break", exported(buyer('Ben\n"B" Moss', "", ""), buyer("", "", ""))),
        Situation("names differ in capitals", exported(home, replace(home, name="ADA KAYA"))),
        Situation("a sale is given back under its number", returned),
        Situation("a sale has no price", lambda f, w: f([*twice, priceless])),
        Situation("another export runs in another thread", both, why="What do the two exports share?"),
    )
    same(export, None, situations, noun=partial(_line, whole="export"))


def check_no_walk(export, same, rng):
    """What a row takes does not grow with the number of buyers."""
    buyer, sale = same.merged.Buyer, same.merged.Sale

    def sales(number, differ):
        fields = ([f"{n if place == differ else ''}N" for place in range(3)] for n in range(number))
        return [sale(n, buyer(*map(looked_for, each)), "Tea", 250) for n, each in enumerate(fields)]

    few = 200
    for differ, whose in enumerate(("", " of one name", " of one name and street")):
        made = sales(few, differ)
        with count_looks() as compared:
            export([*made, *sales(few, differ)])
        each = compared.count / (2 * few)
        assert each < 10, (
            f"For {2 * few} sales to {few} buyers{whose}, fields were compared {compared.count:,} times, {each:.0f} for "
            "each row: the buyers that are known are asked one after another. What finds an equal one in one step?"
        )
    plain = [sale(n, buyer(f"N{n}", "Lane", "KC"), "Tea", 250) for n in range(MANY)]
    small = [work(export, plain[:number]).instructions for number in (50, 100, 200)]
    more, most = (small[1] - small[0]) / 50, (small[2] - small[1]) / 100
    assert most < 1.4 * more, (
        f"A row takes {more:,.0f} instructions among the first 100 buyers and {most:,.0f} among the next 100: "
        "something is done for each row with all that are known. What could be kept from row to row?"
    )
    ratio = compare(
        lambda: export(plain),
        lambda: [export(plain[at : at + 200]) for at in range(0, MANY, 200)],
        clock="cpu",
        rounds=2,
        enough=far_from(2.5),
    )
    assert ratio.best_ratio < 2.5, (
        f"A row takes {ratio.best_ratio:.1f} times as long among {MANY:,} buyers as among 200: it still grows with "
        "the buyers that are known, in C code now. What is searched from its beginning for each row?"
    )
    return f"Fields were compared {each:.1f} times for each row, however many buyers were known."


WHO = "A buyer is the same one if name, street and postcode are all equal. What do you compare?"


QUOTED = "What does `csv` put into quotation marks besides commas?"


MARKED = "Rows come in the order of the sales, and the mark stands in the first row of a buyer."


KEPT = "Each export begins anew: what is kept from the one before?"


def _who(difference):
    """Say who is the same buyer, unless it is the order that differs, or another field than the mark."""
    is_, was = (str(row).rpartition(",")[2] for row in (difference.given, difference.expected))
    return MARKED if difference.kind == "order" else QUOTED if is_ == was else WHO


_rows = partial(_read, end="\r\n")
