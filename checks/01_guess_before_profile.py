"""Guess before profile: a function that looks slow is made faster, while another one takes nearly all of the time."""

import cProfile
import pstats
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import pairwise
from string import punctuation

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.same import Situation, Told, at_one_address, with_another
from kettle.probes.looks import count_looks, looked_for
from kettle.probes.memory import peak_bytes
from kettle.probes.ratio import compare
from kettle.probes.work import work

MISTAKE = "walks down the tax table"
EXERCISE_MISTAKE = "one after another"
GONE = "The walk is gone: a line finds its tax in a few looks, wherever its row stands in the table."
EXERCISE_GONE = "The walk is gone: a buyer is found in one step, however many are known."

HINTS = (
    "Look at the first row of the table that is sorted by `tottime`. Which of the three functions of the cell is it?",
    "One call of it looks at one row after the other. The rows are sorted, and they stay as they are.",
    "Make a list of the last codes of all rows once, outside of the function. "
    "`bisect.bisect_left(ends, code)` is the index of the only row that can hold the code. Two codes have none.",
    "`ends = [band.last for band in tax_bands]`, and in the function `index = bisect.bisect_left(ends, code)`; "
    "if `index == len(ends) or code < tax_bands[index].first`, raise the LookupError, else return `tax_bands[index]`.",
)

EXERCISE_HINTS = (
    "Which function leads the table that is sorted by `tottime`, and how often is it called? You have not written it.",
    "A dataclass gets an `__eq__`, and something calls it millions of times. Which line asks whether two buyers are equal?",
    "`in` asks a list for each of its elements. What finds something equal in one step?",
    "`known = set()` before the loop, and `known.add(sale.buyer)` in it. A frozen dataclass can be put into a set.",
)

RECALL = (
    Question(
        "A function has 95% of `cumtime` and 1% of `tottime`. What follows?",
        ("It is the one to make faster", "The time is in what it calls", "It is called too often"),
        1,
        "cumtime counts all that a function calls. Its own time is tottime: go on further inside.",
    ),
    Question(
        "A function has 4% of the time. It is made a hundred times as fast. What does the program gain?",
        ("About 4%", "It is a hundred times as fast", "About half of its time"),
        0,
        "A part can give back its share of the time, and no more.",
    ),
)

GUESS = Question(
    "A function takes a microsecond, another one a second. Which of them is worth a look?",
    ("The one of a second", "It depends on how often each is called", "Neither"),
    1,
    "A microsecond, ten million times, is ten seconds. A profile says both: how often, and how long in all.",
)

CLAIMS = (
    Claim(
        name="expected",
        said="“The bottleneck is never where you expect it.”",
        truth=PARTLY,
        why="Often not, and sometimes it is. You cannot know which without a profile, and that costs a minute.",
        ids=("S1.1",),
    ),
    Claim(
        name="habits",
        said="“Many small improvements compound into a fast program.”",
        truth=DOES_NOT_HOLD,
        why="They add up to their shares of the time. Where one part has nearly all of it, all others together "
        "cannot give back more than the rest.",
        ids=("S1.2",),
    ),
    Claim(
        name="frameworks",
        said="“Each request costs 5 to 15 ms in Django, 1 to 3 in Flask, 0.5 to 2 in FastAPI.”",
        truth=DOES_NOT_HOLD,
        why="An empty handler is your baseline: measure it before you blame a framework. What it costs is far below a "
        "millisecond in each of them; what your own handler does comes on top.",
        ids=("S3.6", "S3.7"),
    ),
    Claim(
        name="cheap",
        said="“cProfile shows how long your functions take.”",
        truth=PARTLY,
        why="It shows how long they take while it watches, which is longer, and for many small calls much longer. "
        "Calls are exact, and shares show where to look; times are for the clock.",
        ids=("S3.12",),
    ),
)

EXCUSED = {"freshness": "The same lines make the same receipt: the table stays as it is."}
EXERCISE_EXCUSED = {"freshness": "The same sales make the same export: nothing else is asked."}

FEW = 200  # looks into the table for a line; halving 6,000 rows by hand takes 13 steps of two to six
FEW_LINES = 48  # that are counted, when all products have been sold
MANY = 3_200  # sales, each to another buyer
ROOM = 5_500  # bytes; a receipt of one line takes 2,500, and a mask of all rows 6,000
FOUND = "Which row of the table holds its code?"
ROUNDED = "The tax of each line is rounded by itself, halves up: what is added up, and what rounded?"
CORRECTED = "A corrected order keeps its number, and its lines are others: what is your answer kept under?"
GONE_SINCE = "What is new may get the address (`id`) of what is gone: what is your answer kept under?"


# --- the lesson


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
        repeat=5,
        most=5,
        patience=0.6,
        clock="cpu",
    )
    return f"Here, a receipt is {ratio}."


# --- the exercise


def check_exercise_same_export(export, same, rng):
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


def check_exercise_no_walk(export, same, rng):
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
        repeat=3,
        most=5,
        clock="cpu",
        at_least=2.5,
    )
    assert ratio.best_ratio < 2.5, (
        f"A row takes {ratio.best_ratio:.1f} times as long among {MANY:,} buyers as among 200: it still grows with "
        "the buyers that are known, in C code now. What is searched from its beginning for each row?"
    )
    return f"Fields were compared {each:.1f} times for each row, however many buyers were known."


# --- what the checks share

WHO = "A buyer is the same one if name, street and postcode are all equal. What do you compare?"
QUOTED = "What does `csv` put into quotation marks besides commas?"
MARKED = "Rows come in the order of the sales, and the mark stands in the first row of a buyer."
KEPT = "Each export begins anew: what is kept from the one before?"


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


def _who(difference):
    """Say who is the same buyer, unless it is the order that differs, or another field than the mark."""
    is_, was = (str(row).rpartition(",")[2] for row in (difference.given, difference.expected))
    return MARKED if difference.kind == "order" else QUOTED if is_ == was else WHO


def _read(text, end="\n"):
    """Take a text apart into its lines, so that the one that differs can be named."""
    return text.split(end) if isinstance(text, str) else text


_rows = partial(_read, end="\r\n")


def _line(path, whole="receipt"):
    """Name a line of a text, or a part of what it was made from."""
    if path and isinstance(path[0], str):
        return f"`{path[0]}`" if len(path) == 1 else f"entry {path[1] + 1} of `{path[0]}`"
    names = [f"line {path[-1] + 1}"] if path else []
    return " of ".join([*names, f"{whole} {path[0] + 1}" if len(path) > 1 else f"the {whole}"])


def _most(build_receipt, orders):
    """Profile some receipts; return the function with the most time of its own, and its share in percent."""
    with cProfile.Profile() as profile:
        for lines in orders:
            build_receipt(1, lines)
    own = {key[2]: row[2] for key, row in pstats.Stats(profile).stats.items()}
    name = max(own, key=own.get)
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
