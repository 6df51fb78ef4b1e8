"""Stop at the function: one line of a slow function takes nearly all of its time, and nobody has asked which."""

import inspect
import random
import re
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.same import Situation
from kettle.probes.calls import count_calls
from kettle.probes.lines import time_lines
from kettle.probes.ratio import compare
from kettle.probes.work import work

MISTAKE = "patterns were compiled for"
EXERCISE_MISTAKE = "one for each line of the log"
GONE = "The compiling is gone: a supplier's pattern is made once at most, however many rows there are."
EXERCISE_GONE = (
    "The reading of each line's time is gone: what is the same for many lines is read once, or cheaply."
)

HINTS = (
    "Look at the strip: which line has the longest bar, and how often did it run? Leave the others alone.",
    "That line does three things: it builds a pattern, compiles it, and searches. Which of them depends on the title?",
    "A pattern depends on the supplier alone. Keep each supplier's compiled pattern in a dictionary with room for all "
    "of them; or do without a pattern.",
    "Before the loop `patterns = {}`; in it `if supplier not in patterns: patterns[supplier] = "
    're.compile(rf"^{re.escape(supplier)}\\s*[:-]\\s*", re.IGNORECASE)`, and then `title = '
    'patterns[supplier].sub("", title)`.',
)

EXERCISE_HINTS = (
    "The line with the longest bar is a whole loop. What does one turn of it do?",
    "Write the comprehension as a loop with one step on each line, and profile that: `%lprun -f busy_minutes …`.",
    "The report wants minutes. How many different minutes does the log hold, and how many times is one read?",
    "Add up the milliseconds under the text `line[:17]` first. Then read each different text once: "
    '`datetime.strptime(text, "%d/%b/%Y:%H:%M")`, and sort by what it gives.',
)

RECALL = (
    Question(
        "One line ran once and took 20 ms. Another ran 50,000 times, 0.1 ms each. Which one do you look at?",
        ("The first: it is the slowest", "The second", "Neither tells anything"),
        1,
        "Hits times the time of one hit: 5 s against 20 ms.",
    ),
    Question(
        "A line profiler gives 98 % to one line, which is a comprehension. What next?",
        ("Write it with `map`", "Take it apart into lines, and profile again", "Use threads"),
        1,
        "The line is a whole loop. Which step of it takes the time shows only when each has a line of its own.",
    ),
)

GUESS = Question(
    "A profile of functions says that your function has 95 % of the time. It has twelve lines. What do you know?",
    ("That all its lines are slow", "Which line to change", "Where to look, and not yet at what"),
    2,
    "A profile of functions stops at the function. Which of its lines takes the time is another measurement.",
)

CLAIMS = (
    Claim(
        name="kernprof",
        said="“`kernprof script.py` shows the time of each line.”",
        truth=DOES_NOT_HOLD,
        why="Without `-l` it is cProfile, which times functions. Lines need `kernprof -l`, and `-v` to print them.",
        ids=("S3.14",),
    ),
    Claim(
        name="per_hit",
        said="“Mend the line with the largest time per hit.”",
        truth=DOES_NOT_HOLD,
        why="Hits times the time of one hit counts. A line that runs once may take long and hardly matter.",
    ),
    Claim(
        name="re_cache",
        said="“`re` keeps compiled patterns, so nobody needs to compile them beforehand.”",
        truth=PARTLY,
        why="It keeps some hundreds, for the whole program. Where more of them take turns, each is thrown out "
        "before it is asked for again.",
    ),
    Claim(
        name="waits",
        said="“A line profiler shows which `await` takes long.”",
        truth=DOES_NOT_HOLD,
        why="It charges a line while its function runs, and a coroutine that waits does not run.",
    ),
)

EXCUSED = EXERCISE_EXCUSED = {"freshness": "a pure function: all that could change is among its arguments"}

SUPPLIERS, TIMES = 1_000, 3  # as many as the lesson leaves room for, and the rows of each
FEW, MORE_WORK = (
    200,
    3,
)  # suppliers whose instructions are counted; how much more than as merged a row may cost
MINUTES = 3 * 24 * 60  # as long a log as the exercise leaves room for
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
    assert kept is None or int(kept[1]) == re._MAXCACHE, (
        f"`re` was told to keep {re._MAXCACHE:,} patterns instead of {kept[1]}: a private setting, and one of the "
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
    ratio = compare(
        lambda: as_merged(rows, TABLE), lambda: normalise_catalogue(rows, TABLE), repeat=3, most=3
    )
    return f"Here, with 600 suppliers and two rows of each, your version is {ratio}."


# --- the exercise: a line that is a whole loop


def check_exercise_same_report(busy_minutes, same, rng):
    """The report says of each minute what it said before."""
    start, late = datetime(2026, 11, 20, 18, 59), datetime(2026, 11, 30, 23, 59, 58)
    shuffled = _log([start + timedelta(minutes=n) for n in range(3)], 5, rng)
    days = [late + timedelta(days=more, seconds=5) for more in (365, 0, -1, -31)]
    months = [datetime(2024, 1 + n * 7 % 12, 29, n) for n in range(12)]

    def logs(when, *lines, **more):
        def prepare(w):
            w.log = list(lines)

        return Situation(when, lambda f, w: f(w.log), prepare, ordered_keys=True, **more)

    def line(at, ms=7):
        return f"{at:%d/%b/%Y:%H:%M:%S} GET /teas 200 {ms}"

    def twice(f, w):
        return f(list(shuffled)) and f(list(shuffled))

    situations = (
        logs("a log of three servers comes", *shuffled),
        Situation("two reports are made of one log", twice, why="What is kept from one report to the next?"),
        logs("a report is made again", *shuffled, again=True),
        logs("a log grows between two reports", *shuffled, between=lambda w: w.log.append(line(start, 90))),
        _after_a_stop("the report before was stopped by a line", [line(late), line(late, "-")], [line(late)]),
        logs("two days have the same time of day", line(late, 3), line(late - timedelta(days=1), 4),
             why="A minute belongs to its day."),
        logs("a log goes over the end of a month", *map(line, days),
             why={"order": "The minutes stand in the order of time, which is not that of their text."}),
        logs("seconds differ in one minute", line(late, 3), line(late.replace(second=0), 4), line(late, 0)),
        logs("every month comes", *map(line, months)),
        logs("the lines of a minute took no time", line(late, 0), line(start, 5), line(late, 0)),
        logs("there is no line"),
        logs("there is one line", line(late)),
        logs("a line comes twice", line(late), line(late)),
        logs("a path holds spaces", line(late).replace("teas", "a b/200 9")),
        *(
            logs(f"a line says {text}", line(late), f"{text}:00 GET /teas 200 7", line(late))
            for text in ("31/Feb/2026:10:00", "30/Nov/2026:24:00", "30/Nov/2026:10:60",
                         "30/Xyz/2026:10:00", "30/ovD/2026:10:00")
        ),
        *(
            logs(f"a line has {text!r} for milliseconds", line(late), line(late, text))
            for text in ("-", "12.5", "1O5")
        ),
    )  # fmt: skip
    which = "Are the minutes `datetime`, without seconds, and each of its own day?"
    same(busy_minutes, None, situations, noun="minute", why={"missing": which, "extra": which})


def check_exercise_no_reading_for_each_line(busy_minutes, same, rng):
    """A time is not read anew for each line of the log."""
    start = datetime(2026, 1, 1) + timedelta(minutes=rng.randrange(300_000))
    minutes = [start + timedelta(minutes=n) for n in range(4)]
    few, many = _log(minutes, 30, rng), _log(minutes, 60, rng)
    _all_here(busy_minutes, few)
    days = [start + timedelta(minutes=n) for n in range(100, 100 + MINUTES)]
    rng.shuffle(days)
    log = [
        line for second in (3, 57) for line in _lines([at + timedelta(seconds=second) for at in days], rng)
    ]
    with count_calls("_strptime:_strptime") as read:
        busy_minutes(log)
    assert read.count <= 1.1 * MINUTES, (
        f"{read.count:,} times were read by strptime for {len(log):,} lines of {MINUTES:,} different minutes"
        f"{', one for each line of the log' * (read.count == len(log))}. Which step reads them, and how many would do?"
    )
    before, after = (_growth(f, few, many) for f in (same.merged.busy_minutes, busy_minutes))
    assert after <= before / 3, (
        f"A line of the log costs {after:,.0f} instructions, and {before:,.0f} as merged: "
        "strptime is gone, and something else reads each line's time as laboriously. How many minutes are there?"
    )
    return f"{read.count:,} times were read for {len(log):,} lines; as merged, it was one for each line."


# --- what the checks share


def _all_here(function, *args):
    """Refuse work that is only moved: to other threads, or to processes."""
    done = work(function, *args)
    where = "other processes" if done.processes or done.sent_away else "other threads"
    assert not (done.threads or done.processes or done.sent_away), (
        f"The work is handed to {where}, and stays as it is: the same steps, elsewhere. "
        "Which of them is not needed at all?"
    )


def _growth(function, few, many, *others):
    function(many, *others)  # what is made once is made now
    more = work(function, many, *others).instructions - work(function, few, *others).instructions
    return more / (len(many) - len(few))


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


def _after_a_stop(when, bad, good, *others):
    def call(f, w):
        with suppress(Exception):
            f(bad, *others)
        return f(good, *others)

    return Situation(when, call, why="What is left of the one that stopped?")


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


def _log(minutes, each, rng):
    """Lines of several minutes, no two of one second, in no order."""
    seconds = random.Random(each).sample(range(60), each)
    times = [minute + timedelta(seconds=second) for minute in minutes for second in seconds]
    rng.shuffle(times)
    return _lines(times, rng)


def _lines(times, rng):
    return [f"{at:%d/%b/%Y:%H:%M:%S} GET /teas 200 {rng.randrange(900)}" for at in times]
