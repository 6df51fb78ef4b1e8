"""Stop at the function: one line of a slow function takes nearly all of its time, and nobody has asked which."""

import inspect
import re
from dataclasses import replace

from kettle.checking.equivalence import Situation
from kettle.probes.calls import count_calls
from kettle.probes.lines import time_lines
from kettle.probes.ratio import compare

from .world import _after_a_stop, _all_here, _growth

SUPPLIERS, TIMES = 1_000, 3  # as many as the lesson leaves room for, and the rows of each


FEW, MORE_WORK = (
    200,
    3,
)  # suppliers whose instructions are counted; how much more than as merged a row may cost


TABLE = "\n".join(f"C{n},category {n}" for n in range(9))


def check_same_catalogue(normalise_catalogue, same, rng):
    """The shop gets the rows that it got before, whatever stands in a title."""
    tree, hill = _names(2, rng)
    dotted, one = f"{tree} Co. (Leeds) + *Sons*", _row(tree, f"{tree} - Assam", rng)

    def titles(when, why, *pairs):
        return _run(when, [_row(supplier, title, rng) for supplier, title in pairs], why=why)

    def twice(f, w):
        return f([dict(one)], TABLE) and f([dict(one)], TABLE)

    unread = {**one, "price": "n/a"}
    situations = (
        _run("the catalogue of a night comes", _of(_names(40, rng), 3, rng)),
        Situation("the job runs twice", twice, why="What is kept from one run to the next?"),
        _run("a price changes between two nights", [one], between=lambda w: w.rows[0].update(price="17.45")),
        _run("a title changes between two nights", [one], between=lambda w: w.rows[0].update(title="New")),
        _run("a category gets another name", [one], between=_table(TABLE.replace("category", "shelf"))),
        _run("a category of the run before is gone", [one], between=_table("C999,shelf")),
        _after_a_stop("the run before was stopped by a price", [one, unread], [one], TABLE),
        _run("the same rows come again", _of(_names(4, rng), 2, rng), again=True),
        titles("the supplier's name stands in other letters", "Upper and lower case count as the same here.",
               (tree, f"{tree.upper()}: Assam"), (tree, f"{tree.lower()}-Assam")),
        titles("a title spells the name with `ß` where the name has `ss`",
               "Letter for letter: `ß` is not `ss`. What did `casefold()` make of it?",
               (f"{tree} Ross", f"{tree} Roß: Mint"), (f"{tree} Ross", f"{tree} Roß - Mint")),
        titles("a supplier's name holds signs that mean something in a pattern",
               "A full stop in a name is a full stop. What did `re.escape` do?",
               (dotted, f"{dotted} - Oolong"), (dotted, f"{dotted.replace('.', 'x')} - Oolong")),
        titles("the colon is a wide one", "`normalize` comes first, and makes a plain colon of it.",
               (tree, f"{tree}\uff1aAssam")),
        titles("neither `:` nor `-` follows the supplier's name",
               "A name that neither `:` nor `-` follows belongs to the title.",
               (tree, tree), (tree, f"{tree} Assam"), (tree, f"{tree}s - Assam"), (tree, "")),
        titles("spaces of several kinds stand around the sign",
               "The sign goes, once, and the spaces around it; nothing goes of another row's title.",
               (tree, f"{tree} -"), (tree, f"{tree}\u00a0 \t:\n Green   Tea "), (tree, f"{tree}:- Assam")),
        titles("the supplier's name stands twice, or later in the title",
               "It goes once, and only where the title begins.",
               (tree, f"{tree} - {tree} - Assam"), (tree, f"Assam by {tree} - Best")),
        titles("a space stands before the supplier's name",
               "Such a title does not begin with the name. When do the spaces go?", (tree, f" {tree} - Assam")),
        titles("two suppliers offer the same title", "Only the name of the row's own supplier goes.",
               (tree, f"{tree} - Assam"), (hill, f"{tree} - Assam"), (tree, f"{hill} - Assam"),
               (f"{tree} - Assam", f"{tree} - Assam: Best")),
        titles("letters are wide or joined", "What `normalize` makes of them is the title.",
               (tree, "\uff21ssam \ufb01ne"), (hill, f"\u00c4ther {hill}")),
        _run("there are no rows", []),
        _run("one row comes twice", [one, one]),
        _run("a price cannot be read", [one, unread]),
        *(
            _run(f"a weight is {text!r}", [one, {**one, "weight": text}])
            for text in ("a lot", "1 KG", "250 g\n")
        ),
        _run("there is no such category", [one, {**one, "category": "C999"}]),
    )  # fmt: skip
    same(normalise_catalogue, None, situations, noun=_part)


def check_no_pattern_for_each_row(normalise_catalogue, rng):
    """A pattern is compiled once for each supplier at most, and not for each row."""
    rows = _of(_names(SUPPLIERS, rng), TIMES, rng)
    _all_here(normalise_catalogue, rows[:9], TABLE)
    with count_calls("re._compiler:compile") as once:
        normalise_catalogue(_of(_names(SUPPLIERS, rng), 1, rng), TABLE)
    with count_calls("re._compiler:compile") as compiled:
        normalise_catalogue(rows, TABLE)
    assert compiled.count <= 1.1 * once.count + 20, (
        f"{compiled.count:,} patterns were compiled for {len(rows):,} rows of {SUPPLIERS:,} suppliers: nothing keeps "
        f"a supplier's pattern until its next row comes. {_where(normalise_catalogue, rows)}"
    )
    kept = re.search(r"^_MAXCACHE = (\d+)", inspect.getsource(re), re.MULTILINE)
    assert kept is None or int(kept[1]) == (keeps := vars(re)["_MAXCACHE"]), (
        f"`re` was told to keep {keeps:,} patterns instead of {kept[1]}: a private setting, and one of the "
        "whole program. What can your own function keep?"
    )
    return f"{compiled.count:,} patterns were compiled for {len(rows):,} rows; as merged, it was one for each row."


def check_little_work_for_each_row(normalise_catalogue, same, rng):
    """What a row costs besides does not grow."""
    names = _names(FEW, rng)
    few, many = _of(names, 1, rng), _of(names, 2, rng)
    known, cost = (
        _growth(f, few, many, TABLE) for f in (same.merged.normalise_catalogue, normalise_catalogue)
    )
    assert cost <= MORE_WORK * known, (
        f"With {FEW} suppliers a row costs {cost:,.0f} instructions, and {known:,.0f} as "
        "merged when its pattern is known. Does your code walk through all suppliers, or work out again "
        "what it knew?"
    )


def interest_how_much_faster(as_merged, normalise_catalogue, rng):
    """How much faster a night is here."""
    rows = _of(_names(600, rng), 2, rng)
    ratio = compare(lambda: as_merged(rows, TABLE), lambda: normalise_catalogue(rows, TABLE))
    return f"Here, with 600 suppliers and two rows of each, your version is {ratio}."


def _where(function, rows):
    """Name the line that has most of the time, as line_profiler has it; of each line the shortest of three runs.

    A machine that stands still for a moment stands still in some line.
    """
    runs = [time_lines(function, rows[:90], TABLE) for _ in range(3)]
    each = zip(*(run.lines for run in runs), strict=True)
    timed = replace(runs[0], lines=tuple(min(same, key=lambda line: line.seconds) for same in each))
    source = f": `{timed.top.source.strip()}`" if timed.top.source else ""
    return f"By line_profiler, line {timed.top.number} has {timed.share():.0f}% of the time{source}."


def _run(when, rows, **more):
    def prepare(w):
        w.rows, w.table = [dict(row) for row in rows], TABLE

    return Situation(when, lambda f, w: f(w.rows, w.table), prepare, **more)


def _table(text):
    def change(w):
        w.table = text

    return change


def _part(path):
    """Name a part of the catalogue, such as `title` of row 3."""
    row = f"row {path[0] + 1}" if path and isinstance(path[0], int) else "the catalogue"
    return f"`{path[1]}` of {row}" if len(path) > 1 else row


def _names(number, rng):
    """Names of suppliers that no cache knows yet."""
    return [f"{rng.choice(('Hill', 'Oak', 'Fern'))} {n} {rng.getrandbits(24):x}" for n in range(number)]


def _of(names, times, rng):
    """One row of each supplier in turn, and that again: every title is new."""
    return [_row(name, f"{name} - Tea {rng.getrandbits(24)}", rng) for _ in range(times) for name in names]


def _row(supplier, title, rng):
    weight, price = rng.choice(("250 g", "1 kg", "0.5kg", "75g")), f"{rng.randrange(90, 9_000) / 100:.2f}"
    category = f"C{rng.randrange(9)}"
    return {"supplier": supplier, "title": title, "weight": weight, "price": price, "category": category}
