"""Which cases, checks and assertions of a lesson does no kept answer need? What none needs can go.

    python benchmarks/needed.py 14 [21 ...] [--times 3] [--at-once 4] [--minutes 30] [--keep FILE]

Every starter, wrong answer and mutant is judged some times in a process of its own, in which all cases are
played and all checks are run, whatever came out before: so all that catches it is known. Only what catches it
each time counts; "+2" are two more that are caught by luck. A case or a check is needed by the answers that
nothing else catches, and "for words" by those that would get another message than theirs. An assertion that
alone catches an answer is left out, and the answer is judged again: another may catch it.

Where two cases catch the same answers, each is NOT NEEDED, but one of the two is: the last line says what
could go at once, and has been tried. What was found is kept in a file, so a run can be stopped and goes on
where it was; it counts until the answer, its lesson or kettle/checking change.
"""

import argparse
import ast
import functools
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from judging import IMPORTED, PROCESSES, Answer, judged
from looking import Catch, assertions, files, look

from kettle.files import course

sys.path.insert(0, str(course.ROOT / "tests"))
from contract import RIGHT, answers_of, says
from mutants import UNCHANGED, mutants_of

KEPT = course.ROOT / "build" / "needed.jsonl"
TRIES = 3  # on a machine that is too busy to tell
NAMED = 4  # answers in a line


def main() -> None:
    """Judge, then print a table for each notebook."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="+", help="numbers")
    parser.add_argument("--times", type=int, default=3, help="how often each answer is judged")
    parser.add_argument("--at-once", type=int, default=4, help="how many are judged at once")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start nothing new after them")
    parser.add_argument("--keep", type=Path, default=KEPT, metavar="FILE", help="where it is kept")
    options = parser.parse_args()
    PROCESSES.set_forkserver_preload(IMPORTED)
    os.environ.update(KETTLE_CERTIFYING="1", OPENBLAS_NUM_THREADS="1")  # as in a kernel that certifies
    kept = Kept(options.keep, options.times, time.monotonic() + 60 * options.minutes)
    for stem in [each.stem for each in course.lessons() if each.stem[:2] in options.lessons]:
        with ThreadPoolExecutor(options.at_once) as pool:
            rows = [*pool.map(functools.partial(row_of, kept), wrong_answers(stem))]
            for kind in course.FOLDERS:
                print(f"\n{stem}, {kind}\n")
                mine = [row for row in rows if row and row.answer.kind == kind]
                print(*table(mine, files(course.lesson(stem).checks, kind)), sep="\n")
                could = spare(mine)
                tried = [*pool.map(kept.look, [row.answer for row in mine], [could] * len(mine))]
                print(f"\nAt once could go: {'; '.join(could) or 'nothing'}.")
                if None in (*rows, *tried):
                    print("Not all is judged yet: say it again to go on.")
                lost = [
                    row for row, now in zip(mine, tried, strict=True) if now and row.lost(catches_of(now))
                ]
                print(f"But nothing would catch {named(lost)}, or tell it what it ought to." if lost else "")


def wrong_answers(stem: str) -> list[Answer]:
    """Return the starters, the wrong answers, and the mutants."""
    note = Path(tempfile.gettempdir(), "kettle-needed")  # where a mutant says that it changed something
    mutants = [
        Answer(stem, m.of.kind, "mutant", f"{m.condition}-of-{m.function}-{m.of.name}", m.source(note))
        for m in mutants_of(stem)
        if m.condition != UNCHANGED
    ]
    return [*(answer for answer in answers_of(stem) if answer.role not in RIGHT), *mutants]


class Kept:
    """What looks have found so far, in memory and in a file; no new one is begun after `end`."""

    def __init__(self, path: Path, times: int, end: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else ()
        self._path, self._times, self._end = path, times, end
        self._rows = dict(map(json.loads, lines))

    def look(self, answer: Answer, without: Sequence[str] = ()) -> dict | None:
        """Return what looks at an answer without some cases and assertions find; None if time is over."""
        without, looks = tuple(without), []
        key = hashlib.sha256(repr((answer, without, self._times, digest(answer.stem))).encode()).hexdigest()
        for _ in range(TRIES):
            if key in self._rows or time.monotonic() > self._end:
                break
            by = functools.partial(look, without=without)
            found, trouble = judged(answer, self._times - len(looks), lambda _: None, by)
            ends = [{"outcome": "its process ended", "message": trouble}] if trouble else []
            looks += [stopped(each) for each in (*found, *ends) if not each.get("busy")]
            if len(looks) >= self._times:
                self._rows[key] = together(looks)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([key, self._rows[key]]) + "\n")
        return self._rows.get(key)


def stopped(look: dict) -> dict:
    """Return a look; where there was none, since a cell stopped, one that says that no check is needed."""
    catch = "outcome" in look and vars(Catch(f"({look['outcome']})", message=look["message"]))
    return {"caught": [catch], "played": []} if catch else look


def together(looks: list[dict]) -> dict:
    """Put looks together: what has caught the answer in each of them, and what by luck."""
    caught = [catches_of(each) for each in looks]
    surely = set.intersection(*({catch.name for catch in one} for one in caught))
    seen = dict.fromkeys(catch.name for one in caught for catch in one)
    played = dict.fromkeys(name for each in looks for name in each["played"])
    sure = [vars(catch) for catch in caught[0] if catch.name in surely]
    return {"caught": sure, "by_luck": [name for name in seen if name not in surely], "played": [*played]}


@functools.cache
def digest(stem: str) -> str:
    """Return a short name for what decides about answers, beside themselves."""
    lesson, engine = course.lesson(stem), course.ROOT / "kettle" / "checking"
    found = [
        lesson.notebook,
        lesson.exercise,
        lesson.solution,
        *lesson.checks.glob("*.[pt]*"),
        *engine.rglob("*.py"),
    ]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(found))).hexdigest()


@dataclass(frozen=True)
class Row:
    """An answer and what catches it.

    Args:
        answer: the answer.
        found: what catches it each time, in the order in which it comes.
        played: names of all checks and cases that it met; by_luck: of those that catch it at times.
        alone: the assertion without which nothing catches it; "" where there is no such one.
    """

    answer: Answer
    found: tuple[Catch, ...]
    played: tuple[str, ...] = ()
    by_luck: tuple[str, ...] = ()
    alone: str = ""

    def lost(self, found: list[Catch]) -> bool:
        """Tell whether it passes by these catches alone, or is not told what it ought to."""
        return bool(self.found) and (not found or (self.told(self.found) and not self.told(found)))

    def told(self, found: Iterable[Catch]) -> bool:
        """Tell whether it is told what it ought to by the first of some catches."""
        return says(self.answer) in next((each.message for each in found), "")


def catches_of(row: dict) -> list[Catch]:
    """Return the catches of a look."""
    return [Catch(**each) for each in row["caught"]]


def row_of(kept: Kept, answer: Answer) -> Row | None:
    """Look at an answer, again without the case that alone catches it by hanging; None if time is over."""
    found, played, without = {}, {}, []
    while row := kept.look(answer, without):
        for each in catches_of(row):
            found.setdefault(each.name, each)
        played |= dict.fromkeys(row["played"])
        only = next(iter(found.values())) if len(found) == 1 else Catch("")
        if only.hangs and only.name not in without:
            without.append(only.name)
            continue
        still = kept.look(answer, [*without, only.line]) if only.line else {"caught": True}
        alone = only.line if still and not still["caught"] else ""
        lucky = tuple(row["by_luck"])
        return Row(answer, tuple(found.values()), tuple(played), lucky, alone) if still else None
    return None


def table(rows: list[Row], paths: list[Path]) -> Iterable[str]:
    """Give a line for each check, case and assertion: how many answers it catches, and which ones need it."""
    for name in names_of(rows):
        caught, needs, words = wanted(name, rows)
        check, _, case = name.partition(": ")
        lucky = sum(name in row.by_luck for row in rows)
        yield line(f"    {case}" if case else check, caught, needs, words, lucky)
    for name, node in ((name, node) for path in paths for name, node in assertions(path).items()):
        caught = [row for row in rows if any(each.line == name for each in row.found)]
        yield line(f"{name} {ast.unparse(node)}", caught, [row for row in caught if row.alone == name])
    passed = [row for row in rows if not row.found and row.answer.role != "mutant"]
    yield from [f"Nothing catches each time: {named(passed)}."] if passed else []


def names_of(rows: list[Row]) -> list[str]:
    """Return the names of all checks, each before its cases."""
    names = list(dict.fromkeys(name for row in rows for name in row.played))
    return sorted(names, key=lambda name: names.index(name.partition(": ")[0]))


def wanted(name: str, rows: list[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Return what a check or a case catches; of these, what needs it, and what needs it for its words."""
    caught = [row for row in rows if any(name in (each.name, each.check) for each in row.found)]
    rests = [(row, [each for each in row.found if name not in (each.name, each.check)]) for row in caught]
    needs = [row for row, rest in rests if not rest]
    return caught, needs, [row for row, rest in rests if rest and row.lost(rest)]


def spare(rows: list[Row]) -> list[str]:
    """Return the checks and cases that can go at once, as far as what is kept tells."""
    gone: list[str] = []
    free = {
        name: caught for name in names_of(rows) for caught, *need in [wanted(name, rows)] if not any(need)
    }
    for name in sorted(free, key=lambda name: len(free[name])):
        now = {*gone, name}
        rests = ((row, [c for c in row.found if now.isdisjoint((c.name, c.check))]) for row in free[name])
        if not any(row.lost(rest) for row, rest in rests):
            gone.append(name)
    return gone


def line(name: str, caught: list[Row], needs: list[Row], words: Sequence[Row] = (), lucky: int = 0) -> str:
    """Return a line of the table."""
    need = f"needed by {len(needs)}: {named(needs)}" if needs else "NOT NEEDED"
    also = f"; for words by {len(words)}: {named(words)}" if words else ""
    return f"{name[:70]:70} {len(caught):3} {f'+{lucky}' if lucky else '':3} {need}{also}"


def named(rows: Sequence[Row]) -> str:
    """Name some answers."""
    names = [f"{row.answer.role} {row.answer.name}" for row in rows]
    return ", ".join([*names[:NAMED], *([f"and {len(names) - NAMED} more"] if names[NAMED:] else [])])


if __name__ == "__main__":
    main()
