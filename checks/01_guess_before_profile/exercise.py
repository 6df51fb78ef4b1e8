"""Guess before profile: what looks slow is made faster, and another function has nearly all of the time."""

from contextlib import contextmanager
from functools import partial

from kettle.checking import Case, Contract
from kettle.checking.equivalence import with_another
from kettle.checking.worlds import World
from kettle.lessons.looks import count_looks, looked_for
from kettle.probes.ratio import compare, far_from
from kettle.probes.work import work

from .world import line_of, lines_of, sales_to, shop

FEW, MANY = 200, 3_200  # buyers
MOST = 10  # comparisons of fields for a row

ADA = ("Ada Kaya", "4 Mill Lane", "KC4")
ALIKE = (("Ben Kaya", *ADA[1:]), (ADA[0], "5 Mill Lane", ADA[2]), (*ADA[:2], "KC5"))
JOINED = (
    ("Ng", "14 Mill Lane", "KC1"),
    ("Ng1", "4 Mill Lane", "KC1"),
    ("Ada Moss", "Mill Lane", "KC1"),
    ("Ada", "Moss Mill Lane", "KC1"),
)


def rows_of(export, sales):
    """Export sales, and split the text into its rows."""
    return lines_of(export(sales), "\r\n")


def two_exports(export, w):
    """Export sales, while another thread exports others."""
    mine, others = w.sales(ADA, *ALIKE, ADA), w.sales(*ALIKE[::-1], ADA)
    return with_another(partial(rows_of, export), mine, partial(rows_of, export, others))


exercise = Contract(
    "export",
    world=World(("Buyer", "Sale"), shop),
    call=lambda export, w, *who: rows_of(export, w.sales(*who)),
    noun=line_of("export"),
    cases={
        "a buyer comes back": Case(ADA, ALIKE[0], ADA, ALIKE[0], why="who"),
        "the same sales are exported again": Case(ADA, ALIKE[0], again=True, why="kept"),
        "buyers differ in one field": Case(ADA, *ALIKE, *ALIKE[::-1], ADA, why="who"),
        "the fields of two buyers make the same text": Case(*JOINED, why="who"),
        "names have a comma and quotation marks": Case(
            ("Moss, Ben", "1 Mill Lane", "KC1"), ('Moss, "Ada"', "1 Mill Lane", "KC1"), why="quoted"
        ),
        "a sale has no price": Case(call=lambda export, w: export(w.sales(ADA, pence=None))),
        "another export runs in another thread": Case(call=two_exports, why="shared"),
    },
)


@exercise.cause
def no_walk(export, Buyer, Sale):  # noqa: N803
    """Count what a row takes among few buyers and among many."""

    def sales(number, made=str):
        return sales_to(Buyer, Sale, *((made(f"N{n}"), made("Lane"), made("KC")) for n in range(number)))

    with count_looks() as compared:
        export([*sales(FEW, looked_for), *sales(FEW, looked_for)])
    each = compared.count / (2 * FEW)
    assert each < MOST, exercise.say("compared", n=compared.count, rows=2 * FEW, buyers=FEW, each=each)
    plain = sales(MANY)
    small = [work(export, plain[:number]).instructions for number in (50, 100, 200)]
    more, most = (small[1] - small[0]) / 50, (small[2] - small[1]) / 100
    assert most < 1.4 * more, exercise.say("for_each", more=more, most=most)
    ratio = compare(
        lambda: export(plain),
        lambda: [export(plain[at : at + FEW]) for at in range(0, MANY, FEW)],
        clock="cpu",
        rounds=2,
        enough=far_from(2.5),
    )
    assert ratio.best_ratio < 2.5, exercise.say("in_c", ratio=ratio.best_ratio, many=MANY, few=FEW)
    return exercise.say("few", n=each)


@exercise.faster
@contextmanager
def many_buyers(Buyer, Sale):  # noqa: N803
    """Export two sales to each of 300 buyers."""
    sales = sales_to(Buyer, Sale, *((f"N{n % 300}", "1 Mill Lane", "KC1") for n in range(600)))
    yield lambda export: export(sales)
